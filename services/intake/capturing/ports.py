"""What captures ask of other contexts."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class Classify(Protocol):
    """Says what a captured page is about."""

    async def __call__(
        self,
        *,
        tenant: str,
        source_id: str | None,
        job_id: UUID,
        attempt: int,
        url: str,
        title: str,
        text: str,
        captured_at: datetime,
        now: datetime,
        objects: Mapping[str, str],
        screenshot: Callable[[], Awaitable[bytes]] | None,
    ) -> dict[str, Any]:
        """``resources`` and ``warnings``, as JSON has them; the same for the same attempt."""
