"""One process's share in one subscription: its stream, and the leases of what it holds."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from typing import Any

import structlog
from google.api_core.exceptions import ServiceUnavailable
from google.pubsub_v1 import types

from infra.gcp.pubsub.clients import ASKING, Clients
from infra.gcp.pubsub.reader import Reader
from infra.gcp.pubsub.trouble import TROUBLE
from infra.gcp.pubsub.turn import Turn, Waiting
from infra.postgres.away import DatabaseAway

_LONGEST_LEASE = 600.0  # seconds
_SIGN_OF_LIFE = 30.0  # seconds; a stream on which the client says nothing is closed
_FAREWELL = 1.0  # seconds for Pub/Sub to end a stream
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a process works on a subscription: messages at once, and times in seconds.

    Up to ``waiting`` messages that wait for their retry take no place of those at work.
    """

    concurrency: int = 16
    waiting: int = 1_000
    lease_s: float = 60.0  # 10 to 600
    again_s: float = 1.0  # before a broken stream is opened anew
    grace_s: float = 5.0  # for running handlers, when asked to stop


class Lane:
    """Has handled what a subscription streams until it is told to stop, whatever happens to the stream.

    A message whose problem says how long to wait stays leased for so long: whoever was told to wait asks for no more.
    After any other failure it goes back at once, and the subscription's own backoff decides when it comes again.
    """

    def __init__(self, clients: Clients, reader: Reader, pace: Pace) -> None:
        self._clients = clients
        self._reader = reader
        self._path = clients.subscription(reader.subscription)
        self._pace = pace
        self._room = asyncio.Semaphore(pace.concurrency)
        self._held: dict[asyncio.Task[None], str] = {}
        self._waiting = Waiting()
        self._turn: Turn | None = None
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set; what is unfinished after the grace period goes back."""
        reading = asyncio.create_task(self._keep_reading(stop))
        holding = asyncio.create_task(self._keep_holding())
        try:
            await stop.wait()
        finally:
            self._stopping = True
            _, late = await asyncio.wait([reading], timeout=_FAREWELL)
            for task in late:
                task.cancel()
                await asyncio.wait([task])
            await self._wind_up()
            holding.cancel()

    async def _keep_reading(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._read(stop)
            except TimeoutError:
                log.info("stream did not end when asked", subscription=self._reader.subscription)
            except TROUBLE as error:
                # Pub/Sub ends every stream now and then, and says that it is unavailable
                tell = log.info if isinstance(error, ServiceUnavailable) else log.warning
                tell("stream broke", subscription=self._reader.subscription, reason=str(error)[:300])
            except Exception:
                # given up, the subscription would be read by nobody, and nobody would know
                log.exception("stream broke", subscription=self._reader.subscription)
            await _passed(stop, self._pace.again_s)

    async def _read(self, stop: asyncio.Event) -> None:
        turn = Turn()
        requests = self._requests(stop, turn)
        async with turn.limit:
            stream: Any = await self._clients.subscriber.streaming_pull(requests=requests, retry=None, timeout=None)
            self._turn = turn
            try:
                async for response in stream:
                    for received in response.received_messages:
                        task = asyncio.create_task(self._deliver(received, turn))
                        self._held[task] = received.ack_id
                        task.add_done_callback(lambda done: self._held.pop(done, None))
            finally:
                self._turn = None
                stream.cancel()

    async def _requests(self, stop: asyncio.Event, turn: Turn) -> AsyncGenerator[types.StreamingPullRequest, None]:
        yield types.StreamingPullRequest(
            subscription=self._path,
            stream_ack_deadline_seconds=round(self._pace.lease_s),
            max_outstanding_messages=self._pace.concurrency,
        )
        # saying goodbye makes Pub/Sub end the stream: on one that is cut it goes on leasing messages to nobody
        while not await _either(stop, turn.over, _SIGN_OF_LIFE):
            yield types.StreamingPullRequest()

    async def _deliver(self, received: Any, turn: Turn) -> None:
        async with self._room:  # a stream may bring more than it was asked for
            if self._stopping:
                await self._lease([received.ack_id], 0.0)
                return
            try:
                again = await self._reader.take(received)
            except Exception as error:
                # it comes back when its lease ends
                unforeseen = None if isinstance(error, DatabaseAway) else error
                log.warning("message not set aside", subscription=self._reader.subscription, exc_info=unforeseen)
                return
        if again is None:
            await self._told(self._clients.subscriber.acknowledge, ack_ids=[received.ack_id])
        else:
            await self._lease([received.ack_id], again)
            self._waits(turn, again)

    def _waits(self, turn: Turn, seconds: float) -> None:
        for one in (turn.waiting, self._waiting):
            one.add(seconds)
        crowded = turn.waiting.count() >= max(self._pace.concurrency // 2, 1)
        # in hand there are never more than two streams' worth, and a broken provider does not empty the subscription
        room = len(self._held) <= self._pace.concurrency and self._waiting.count() < self._pace.waiting
        if turn is self._turn and crowded and room:
            turn.end()

    async def _keep_holding(self) -> None:
        while True:
            await asyncio.sleep(self._pace.lease_s / 3)
            if self._held:
                await self._lease(self._held.values(), self._pace.lease_s)

    async def _lease(self, ack_ids: Iterable[str], seconds: float) -> None:
        seconds = round(min(seconds, _LONGEST_LEASE))
        await self._told(
            self._clients.subscriber.modify_ack_deadline, ack_ids=list(ack_ids), ack_deadline_seconds=seconds
        )

    async def _told(self, tell: Any, **what: Any) -> None:
        try:
            await tell(request={"subscription": self._path, **what}, **ASKING)
        except TROUBLE as error:
            # what was not settled comes back when its lease ends
            log.warning("Pub/Sub was not told", subscription=self._reader.subscription, reason=str(error)[:300])

    async def _wind_up(self) -> None:
        if not self._held:
            return
        running = dict(self._held)
        _, late = await asyncio.wait(running, timeout=self._pace.grace_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
            await self._lease([running[task] for task in late], 0.0)


async def _passed(stop: asyncio.Event, seconds: float) -> bool:
    """Whether it is to stop, after so many seconds at most."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
    return stop.is_set()


async def _either(one: asyncio.Event, other: asyncio.Event, seconds: float) -> bool:
    """Whether one of them is set, after so many seconds at most."""
    waits = [asyncio.create_task(event.wait()) for event in (one, other)]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return one.is_set() or other.is_set()
