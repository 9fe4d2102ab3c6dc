"""A captured page, as it is classified."""

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
    """What was captured, and of which job's attempt. ``objects`` names what lies in the lake, by what it is."""

    tenant: str
    source_id: str | None
    job_id: UUID
    attempt: int
    url: str
    title: str
    text: str
    captured_at: datetime
    objects: Mapping[str, str] = field(default_factory=dict)
    screenshot: Screenshot | None = None
