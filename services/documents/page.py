"""A captured page or a crawled document, as it is classified."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

MAX_TEXT = 20_000  # characters of a page that are looked at
MAX_TITLE = 300
MAX_URL = 2_000

Screenshot = Callable[[], Awaitable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What was captured, and of which job's attempt. ``objects`` names what lies in the lake, by what it is.

    ``document_id`` is None for a page, which is all that its job captured.
    """

    tenant: str
    source_id: str | None
    job_id: UUID
    attempt: int
    document_id: UUID | None = None
    url: str
    title: str
    text: str
    captured_at: datetime
    objects: Mapping[str, str] = field(default_factory=dict)
    screenshot: Screenshot | None = None


def kept(text: str, most: int) -> str:
    """The beginning of a text, as PostgreSQL can keep it."""
    return text[:most].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
