"""What is asked of whoever brings a page, and what comes of it."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Protocol

MOST_BYTES = 5 << 20
PAGE_SECONDS = 30.0
AGENT = "headrace"  # the name that robots.txt files know us by


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """An answer. ``body`` is unpacked; ``headers`` have small names."""

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """What the answer says it is, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class NoPage(Exception):
    """No page came; ``code`` and the sentence say why, ``again`` that asking once more can help."""

    def __init__(self, code: str, message: str, *, status: int | None = None, again: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.again = again  # seconds


class Fetch(Protocol):
    """Brings what stands at a URL, wherever redirects lead. Every request passes the egress guard."""

    async def __call__(
        self,
        url: str,
        *,
        most_bytes: int = MOST_BYTES,
        seconds: float = PAGE_SECONDS,
        types: Container[str] | None = None,
    ) -> Fetched:
        """The answer, whatever its status; without its body where it is of none of the ``types``.

        Raises ``NoPage``.
        """
