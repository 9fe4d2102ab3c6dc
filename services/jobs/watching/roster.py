"""The workers of this process, and what the other processes are told of them."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from services.jobs.engine.worker import Worker
from services.jobs.store import workers

REPORT_SECONDS = 5.0
SEEN_SECONDS = 3 * REPORT_SECONDS  # a process that was not heard of for so long is not counted
GONE_SECONDS = 60.0  # and after this long nobody remembers it
LEAVE_SECONDS = 1.0

log = structlog.get_logger()


@dataclass
class Roster:
    """Who works in this process since when; told to the others as long as anybody does."""

    name: str
    started_at: datetime
    database: Database
    workers: list[Worker] = field(default_factory=list)
    _telling: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def working(self, worker: Worker) -> AsyncIterator[None]:
        """A worker of this process works inside the block."""
        self.workers.append(worker)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())
        try:
            yield
        finally:
            self.workers = [other for other in self.workers if other is not worker]
            if not self.workers:
                await self._leave()

    async def report(self) -> None:
        """Say that this process lives and what it has room for, and forget those that do not."""
        async with self.database.transaction() as tx:
            await workers.report(
                tx,
                self.name,
                host=socket.gethostname(),
                pid=os.getpid(),
                started_at=self.started_at,
                slots=self._slots(),
            )
            await workers.forget(tx, unseen_seconds=GONE_SECONDS)

    def _slots(self) -> Counter[str]:
        slots: Counter[str] = Counter()
        for worker in self.workers:
            slots[worker.queue] += worker.concurrency
        return slots

    async def _tell(self) -> None:
        while True:
            try:
                await self.report()
            except Exception as error:  # noqa: BLE001  # whoever is silent for a moment is still counted
                log.warning("workers could not be reported", reason=repr(error))
            await asyncio.sleep(REPORT_SECONDS)

    async def _leave(self) -> None:
        telling, self._telling = self._telling, None
        if telling is not None:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        try:
            async with asyncio.timeout(LEAVE_SECONDS), self.database.transaction() as tx:
                await workers.leave(tx, self.name)
        except (DatabaseAway, TimeoutError) as error:
            log.info("workers could not be signed off: they are forgotten soon", reason=repr(error))


def roster(runtime: Runtime) -> Roster:
    """The roster of a process, through ``runtime.once(roster)``."""
    return Roster(runtime.name, datetime.now(UTC), runtime.database)
