"""PgQueuer on asyncpg, as its documentation sets it up."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries

from tests.benchmarks.peers.program import Begin, Busy, asking

KIND = "noop"


@dataclass(frozen=True)
class PgQueuerClient:
    queries: Queries

    async def one(self, moment: float) -> None:
        await self.queries.enqueue(KIND, b"%r" % moment)

    async def many(self, moments: Sequence[float]) -> None:
        count = len(moments)
        await self.queries.enqueue([KIND] * count, [b"%r" % moment for moment in moments], [0] * count)


@dataclass(frozen=True)
class PgQueuerPeer:
    """Takes ``batch`` jobs at a time, and writes as many ends at once."""

    batch: int

    async def prepare(self, address: str) -> None:
        connection = await asyncpg.connect(address)
        await Queries.from_asyncpg_connection(connection).install()
        await connection.close()

    @asynccontextmanager
    async def client(self, address: str, *, callers: int = 1) -> AsyncIterator[PgQueuerClient]:
        if callers == 1:  # its connection alone is faster than a pool of one
            connection = await asyncpg.connect(address)
            yield PgQueuerClient(Queries.from_asyncpg_connection(connection))
            await connection.close()
            return
        async with asyncpg.create_pool(address, min_size=callers, max_size=callers) as pool:
            yield PgQueuerClient(Queries.from_asyncpg_pool(pool))

    async def work(self, address: str, begin: Begin, stop: asyncio.Event) -> None:
        connection = await asyncpg.connect(address)
        worker = PgQueuer.from_asyncpg_connection(connection)

        @worker.entrypoint(KIND)
        async def noop(job: Job) -> None:
            begin(float(job.payload or b"0"))

        running = asyncio.create_task(worker.run(dequeue_timeout=timedelta(seconds=5), batch_size=self.batch))
        await stop.wait()
        worker.shutdown.set()
        await running
        await connection.close()

    def watch(self, address: str) -> AbstractAsyncContextManager[Busy]:
        return asking(address, "SELECT EXISTS (SELECT FROM pgqueuer)")
