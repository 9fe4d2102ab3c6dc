"""RQ with the worker that does not fork: the faster of its two."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from redis import Redis
from rq import Queue, SimpleWorker

from tests.benchmarks.peers.program import Begin, Busy

NAME = "noop"
_body: list[Begin] = []


def noop(moment: float) -> None:
    """Found by its name in the worker's process."""
    _body[0](moment)


@dataclass(frozen=True)
class RqClient:
    """One queue."""

    queue: Queue

    async def one(self, moment: float) -> None:
        self.queue.enqueue(noop, moment, result_ttl=0)

    async def many(self, moments: Sequence[float]) -> None:
        self.queue.enqueue_many([Queue.prepare_data(noop, (moment,), result_ttl=0) for moment in moments])


@dataclass(frozen=True)
class Rq:
    """One worker, one job at a time."""

    name: str = field(default=NAME)

    async def prepare(self, address: str) -> None:
        """An empty Redis is ready."""

    @asynccontextmanager
    async def client(
        self,
        address: str,
        *,
        callers: int = 1,  # its call waits for Redis and lets nobody else call
    ) -> AsyncIterator[RqClient]:
        with Redis.from_url(address) as redis:
            yield RqClient(Queue(self.name, connection=redis))

    async def work(self, address: str, begin: Begin, stop: asyncio.Event) -> None:
        """It takes the process over: its own handler of SIGTERM ends it."""
        _body.append(begin)
        with Redis.from_url(address) as redis:
            SimpleWorker([self.name], connection=redis).work(logging_level="ERROR")

    @asynccontextmanager
    async def watch(self, address: str) -> AsyncIterator[Busy]:
        with Redis.from_url(address) as redis:
            queue = Queue(self.name, connection=redis)

            async def busy() -> bool:
                return bool(queue.count or queue.started_job_registry.count)

            yield busy
