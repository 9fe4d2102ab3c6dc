"""Dramatiq on Redis: one process, eight threads, which is its default."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from redis import Redis

from tests.benchmarks.peers.program import Begin, Busy

NAME = "noop"


@dataclass(frozen=True)
class DramatiqClient:
    """It has no call for many."""

    actor: "dramatiq.Actor[[float], Any]"

    async def one(self, moment: float) -> None:
        self.actor.send(moment)

    async def many(self, moments: Sequence[float]) -> None:
        for moment in moments:
            self.actor.send(moment)


@dataclass(frozen=True)
class Dramatiq:
    """``threads`` work at once."""

    threads: int

    async def prepare(self, address: str) -> None:
        """An empty Redis is ready."""

    @asynccontextmanager
    async def client(
        self,
        address: str,
        *,
        callers: int = 1,  # its call waits for Redis and lets nobody else call
    ) -> AsyncIterator[DramatiqClient]:
        broker = RedisBroker(url=address)  # type: ignore[no-untyped-call]
        yield DramatiqClient(_actor(broker, lambda _: None))
        broker.close()

    async def work(self, address: str, begin: Begin, stop: asyncio.Event) -> None:
        broker = RedisBroker(url=address)  # type: ignore[no-untyped-call]
        _actor(broker, begin)
        worker = dramatiq.Worker(broker, worker_threads=self.threads)
        worker.start()
        await stop.wait()
        worker.stop()
        broker.close()

    @asynccontextmanager
    async def watch(self, address: str) -> AsyncIterator[Busy]:
        with Redis.from_url(address) as redis:

            async def busy() -> bool:
                return bool(redis.hlen(f"dramatiq:{NAME}.msgs"))

            yield busy


def _actor(broker: RedisBroker, begin: Begin) -> "dramatiq.Actor[[float], Any]":
    return dramatiq.actor(broker=broker, actor_name=NAME, queue_name=NAME)(begin)
