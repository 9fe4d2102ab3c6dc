"""Orders that are sent while the caller waits. None is abandoned: they go on when the answer is out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from services.jobs.engine.worker import Worker
from services.jobs.job import Job

GRACE_SECONDS = 3.0  # at a stop: long enough for most providers to answer, short enough for a clean exit


@dataclass
class Submissions:
    """Works jobs that a trigger claimed for this process."""

    worker: Worker

    async def submit(self, job: Job, *, wait_seconds: float | None) -> None:
        """Send the order; returns when its fate is known, or after ``wait_seconds`` (if given) while it goes on."""
        await asyncio.wait([self.worker.adopt(job)], timeout=wait_seconds)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Keep leases alive; at the end give orders on their way a moment, then hand them to the queue."""
        beating = asyncio.create_task(self.worker.beat())
        try:
            yield
        finally:
            if tasks := list(self.worker.tasks):
                await asyncio.wait(tasks, timeout=GRACE_SECONDS)
            beating.cancel()
            await self.worker.interrupt()
