"""What every bus is tested with: a rig an adapter, events, and a handler that keeps what it gets."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import aiohttp
from google.api_core.exceptions import DeadlineExceeded

from infra.embedded.bus import EmbeddedBus
from infra.embedded.consumer import Pace as EmbeddedPace
from infra.gcp.pubsub import PubSubBus
from infra.gcp.pubsub.clients import Clients
from infra.gcp.pubsub.lane import Pace
from infra.gcp.pubsub.topology import declare_dead_letters, declare_topic
from infra.postgres.database import Database
from infra.runtime.events.bus import Bus, DeadLetter, Handler, Subscription
from schemas.envelope import Envelope

PATIENCE = 15.0
TOPIC = "crawl.triggered"
FULL_BACKOFF = EmbeddedPace(poll_s=0.02, chance=lambda: 1.0)
QUICK = Pace(lease_s=10.0, again_s=0.1)
STUCK_READER = Path(__file__).with_name("stuck_reader.py")


class Rig(Protocol):
    """One bus, seen by as many processes as a test wants."""

    async def bus(self) -> Bus:
        """Another process's way to the same bus."""

    def stuck_reader(self, subscription: str) -> list[str]:
        """The command of a process that takes one event, prints its id and never finishes it; lease: 1 s."""


class EmbeddedRig:
    def __init__(self, dsn: str, stack: AsyncExitStack) -> None:
        self.dsn = dsn
        self._stack = stack

    async def bus(self, pace: EmbeddedPace = FULL_BACKOFF) -> EmbeddedBus:
        database = await Database.connect(self.dsn, size=4)
        self._stack.push_async_callback(database.close)
        connector = aiohttp.TCPConnector(limit=0)
        session = await self._stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        return EmbeddedBus(database, doorbell=asyncio.Event(), session=session, pace=pace)

    def stuck_reader(self, subscription: str) -> list[str]:
        return [sys.executable, str(STUCK_READER), self.dsn, subscription]


class PubSubRig:
    """A project of its own on an emulator; what Pub/Sub gives up is taken over all the time."""

    def __init__(self, emulator: str, dsn: str, stack: AsyncExitStack) -> None:
        self.emulator = emulator
        self.dsn = dsn
        self.project = f"test-{uuid4().hex[:12]}"
        self._stack = stack

    async def bus(self, pace: Pace = QUICK, *, keeping: bool = True, **given: Any) -> PubSubBus:
        database = await Database.connect(self.dsn, size=4)
        self._stack.push_async_callback(database.close)
        bus = PubSubBus(self.project, database, emulator=self.emulator, pace=pace, **given)
        await self._stack.enter_async_context(bus)
        for topic in (TOPIC, "crawl.failed"):
            await declare_topic(bus._clients, topic)
        await declare_dead_letters(bus._clients)
        if keeping:
            self._stack.push_async_callback(ended, asyncio.create_task(_keep(bus)))
        return bus

    def stuck_reader(self, subscription: str) -> list[str]:
        return [sys.executable, str(STUCK_READER), self.dsn, subscription, self.emulator, self.project]

    async def clients(self) -> Clients:
        """Google's own, for what the bus never asks."""
        clients = Clients(self.project, emulator=self.emulator)
        await clients.open()
        self._stack.push_async_callback(clients.close)
        return clients

    async def publish(self, *messages: Any, topic: str = TOPIC) -> None:
        """Publish messages as they are."""
        clients = await self.clients()
        await clients.publisher.publish(topic=clients.topic(topic), messages=list(messages), timeout=5)

    async def pulled(self, subscription: str) -> list[str]:
        """The ids of the events that wait in a subscription; they stay there."""
        clients = await self.clients()
        request = {"subscription": clients.subscription(subscription), "max_messages": 100}
        try:
            answer = await clients.subscriber.pull(request=request, timeout=1.0, retry=None)
        except DeadlineExceeded:
            return []
        return [one.message.attributes["ce-id"] for one in answer.received_messages]


async def _keep(bus: PubSubBus) -> None:
    while True:
        await bus.keep_dead_letters(asyncio.Event())


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


class Inbox:
    """A handler that keeps what it gets, and raises what it is told to, in turn."""

    def __init__(self, *failures: Exception | None) -> None:
        self._failures = list(failures)
        self._got: asyncio.Queue[tuple[Envelope, int]] = asyncio.Queue()

    async def __call__(self, envelope: Envelope, attempt: int) -> None:
        self._got.put_nowait((envelope, attempt))
        failure = self._failures.pop(0) if self._failures else None
        if failure is not None:
            raise failure

    async def next(self, patience: float | None = None) -> tuple[Envelope, int]:
        return await asyncio.wait_for(self._got.get(), patience or PATIENCE)

    def empty(self) -> bool:
        return self._got.empty()


@asynccontextmanager
async def consuming(bus: Bus, handlers: Mapping[str, Handler]) -> AsyncIterator[None]:
    """A block during which the bus delivers to these functions."""
    stop = asyncio.Event()
    task = asyncio.create_task(bus.consume(handlers, stop))
    try:
        yield
    finally:
        stop.set()
        await task


def reader(name: str = "load", **changes: Any) -> Subscription:
    """A subscription whose backoff is tiny."""
    return Subscription(**{"name": name, "topic": TOPIC, "min_backoff_s": 0.01, "max_backoff_s": 0.05, **changes})


def event(number: int, topic: str = TOPIC, **data: object) -> Envelope:
    """The same event for the same number."""
    return Envelope(
        id=str(UUID(int=number)),
        type=topic,
        subject=f"crawl-{number}",
        time=datetime(2025, 11, 22, 3, 14, 15, 926535, tzinfo=UTC),
        tenant="default",
        traceparent=f"00-{number:032x}-{'cd' * 8}-01",
        data={"crawl_id": f"crawl-{number}", "attempt": 1, **data},
    )


async def set_aside(bus: Bus, count: int = 1, patience: float | None = None) -> list[DeadLetter]:
    """Wait until that many messages are dead letters."""
    async with asyncio.timeout(patience or PATIENCE):
        while len(letters := await bus.dead_letters(count)) < count:  # noqa: ASYNC110  # another process may bury it
            await asyncio.sleep(0.01)
    return letters
