"""The engine as its functions run it: doorbell, leases, fences, a timeline, and one event a job."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from infra.postgres.database import Database
from infra.postgres.doorbell import Doorbell
from infra.postgres.migrate import found, migrate
from infra.runtime import garbage
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import Runtime
from services.jobs.function import Working
from services.jobs.job import Done, Job, NewJob, Outcome, Work
from services.jobs.store import queue
from tests.benchmarks.peers.program import Begin, Busy, asking

ROOT = Path(__file__).parents[3]
KIND = QUEUE = "noop"
SMALLEST = 4  # connections: one listens, one rings


@dataclass(frozen=True)
class HeadraceClient:
    """The job and the line of the log that its watchers follow, in one statement, which is one transaction."""

    database: Database

    async def one(self, moment: float) -> None:
        await self.many([moment])

    async def many(self, moments: Sequence[float]) -> None:
        jobs = [NewJob(id=uuid4(), kind=KIND, queue=QUEUE, payload={"moment": moment}) for moment in moments]
        async with self.database.statement() as tx:
            await queue.enqueue_many(tx, jobs)


@dataclass(frozen=True)
class Headrace:
    """Claims ``batch`` jobs at a time, and works twice as many at once."""

    batch: int

    async def prepare(self, address: str) -> None:
        database = await Database.connect(address, size=1)
        await migrate(database, found(ROOT))
        await database.close()

    @asynccontextmanager
    async def client(self, address: str, *, callers: int = 1) -> AsyncIterator[HeadraceClient]:
        database = await Database.connect(address, size=max(SMALLEST, callers))
        bell = Doorbell(database)
        yield HeadraceClient(database)
        await bell.close()
        await database.close()

    async def work(self, address: str, begin: Begin, stop: asyncio.Event) -> None:
        async def run(job: Job) -> Outcome:
            begin(job.payload["moment"])
            return Done()

        garbage.collect_seldom()  # as `headrace up` and `headrace worker` do
        working = Working(lambda _: Work(run=run, announce=True), QUEUE, KIND, lambda _: 2 * self.batch)
        database = await Database.connect(address, size=10)
        doorbell = Doorbell(database)
        await doorbell.open()
        settings = read_settings(processing_batch_size=self.batch)
        none: Any = None  # neither bus nor lake: what is measured is the queue
        runtime = Runtime(settings, database, doorbell, none, none, none, none, name="w")
        serving = asyncio.create_task(working.serve(runtime, stop))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
        doorbell.rouse()
        await serving
        await doorbell.close()
        await database.close()

    def watch(self, address: str) -> AbstractAsyncContextManager[Busy]:
        return asking(address, "SELECT EXISTS (SELECT FROM jobs WHERE state IN ('ready', 'running'))")
