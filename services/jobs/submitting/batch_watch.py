"""Waiting for batches: any number of callers, one look at the database for all of them, nothing held meanwhile."""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from infra.postgres.database import Database
from services.jobs.store import batches

log = structlog.get_logger()

LOOK_SECONDS = 0.2


@dataclass
class BatchWatch:
    """The callers of this process who wait; it looks every ``look_seconds`` while there are any."""

    database: Database
    stopping: asyncio.Event
    look_seconds: float = LOOK_SECONDS
    looks: int = 0
    _waiting: dict[UUID, list[asyncio.Event]] = field(default_factory=dict)
    _looking: asyncio.Task[None] | None = None

    async def wait(self, batch_id: UUID, *, seconds: float) -> None:
        """Return when every job of the batch is over, after ``seconds``, or when the process is to stop."""
        over = asyncio.Event()
        self._waiting.setdefault(batch_id, []).append(over)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        ends = [asyncio.create_task(event.wait()) for event in (over, self.stopping)]
        try:
            await asyncio.wait(ends, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            self._leave(batch_id, over)

    def _leave(self, batch_id: UUID, over: asyncio.Event) -> None:
        others = self._waiting[batch_id]
        others.remove(over)
        if not others:
            del self._waiting[batch_id]

    async def _look(self) -> None:
        while self._waiting:
            try:
                await self._look_once()
            except Exception as error:  # noqa: BLE001  # whoever waits has a timeout; the next look may get through
                log.warning("batches could not be looked at", reason=repr(error))
            await asyncio.sleep(self.look_seconds)

    async def _look_once(self) -> None:
        asked = list(self._waiting)
        async with self.database.reading() as tx:
            still_open = await batches.still_open(tx, asked)
        self.looks += 1
        for batch_id in set(asked) - still_open:
            for over in self._waiting.get(batch_id, []):
                over.set()
