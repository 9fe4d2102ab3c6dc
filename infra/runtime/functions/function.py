"""Functions: the entry points of the pipeline, each saying itself what sets it off."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import structlog
from msgspec import Struct

from infra.postgres.away import DatabaseAway
from infra.runtime.events.bus import Handler, Subscription
from infra.runtime.runtime import Runtime

log = structlog.get_logger()

AWAY_SECONDS = 1.0  # between two turns while the database is away; each fails at once
GATHER_SECONDS = 0.05  # of many rings in a row, one turn
TICK = "tick"  # the doorbell that the clock rings
TICK_SECONDS = 60.0
LOOK_SECONDS = 2.0  # between two turns of a tick: what was not due when it looked may be now


class Function(Protocol):
    """An entry point. ``trigger`` goes into the generated topology.

    Where functions are pushed to, ``doorbells`` in it are the topics whose messages say that there may be work.
    """

    @property
    def trigger(self) -> Mapping[str, Any]:
        """What sets it off."""

    async def serve(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """Answer its trigger in this process until ``stop`` is set."""


@runtime_checkable
class Rung(Function, Protocol):
    """A function that is told that there may be work, and looks for it. ``rung_by`` are the queues that tell it."""

    @property
    def rung_by(self) -> tuple[str, ...]:
        """See above."""

    async def work(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """Work until nothing is due before the next tick, or ``stop`` is set; raises what it cannot go on after."""


Turn = Callable[[asyncio.Event], Awaitable[None]]
Soon = Callable[[Runtime], Awaitable[float | None]]
"""In how many seconds something is due; None: nothing is."""


class Ticking(Struct, frozen=True):
    """Runs again and again; ``every`` is in seconds, from the end of one turn to the start of the next.

    Does it work a ``queue`` that can be paused, its turns heed that. ``bell`` is rung when there may be something to do
    before the next tick; the queue's is, without being named. ``soon`` tells a function that a tick started how long it
    is needed: without it, one turn is all.
    """

    build: Callable[[Runtime], Turn]
    every: float
    queue: str | None = None
    bell: str | None = None
    soon: Soon | None = None

    @property
    def rung_by(self) -> tuple[str, ...]:
        """See ``Rung``."""
        return tuple(bell for bell in (self.bell, self.queue) if bell)

    @property
    def trigger(self) -> Mapping[str, Any]:
        """For the topology."""
        rung = map(doorbell, self.rung_by)
        return {"tick": True, **({"queue": self.queue} if self.queue else {}), "doorbells": [TICK, *rung]}

    async def work(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """See ``Rung.work``."""
        turn = runtime.once(self.build)
        await turn(stop)
        while self.soon is not None and not stop.is_set():
            seconds = await self.soon(runtime)
            if seconds is None or seconds > TICK_SECONDS:
                return
            await _rest(stop, min(max(seconds, self.every), LOOK_SECONDS))
            await turn(stop)

    async def serve(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """See ``Function.serve``. A turn that fails is logged and tried again at the next tick."""
        turn = self.build(runtime)
        while not stop.is_set():
            pause = self.every
            try:
                await turn(stop)
            except DatabaseAway as away:
                log.warning("tick failed", function=self.build.__module__, reason=away.detail)
                pause = max(pause, AWAY_SECONDS)
            except Exception:
                # the next tick looks again; whatever was lost meanwhile is found by its row
                log.exception("tick failed", function=self.build.__module__)
            await self._until_next(runtime, stop, pause)

    async def _until_next(self, runtime: Runtime, stop: asyncio.Event, seconds: float) -> None:
        if self.bell is None:
            await _rest(stop, seconds)
            return
        ringing = asyncio.create_task(runtime.doorbell.wait(self.bell, timeout=seconds))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait([ringing, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in (ringing, stopping):
            task.cancel()
        await _rest(stop, GATHER_SECONDS)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


def doorbell(queue: str) -> str:
    """The topic on which a queue's doorbell is rung."""
    return f"doorbell.{queue}"


def ticks(
    *, every: float, queue: str | None = None, bell: str | None = None, soon: Soon | None = None
) -> Callable[[Callable[[Runtime], Turn]], Ticking]:
    """A function that the clock sets off. It builds its turn from the runtime."""
    return lambda build: Ticking(build, every, queue, bell, soon)


class Subscribing(Struct, frozen=True):
    """Receives events of some topics; one subscription a topic."""

    build: Callable[[Runtime], Handler]
    topics: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name, which is the function's."""
        return self.build.__module__.rpartition(".")[2]

    @property
    def trigger(self) -> Mapping[str, Any]:
        """For the topology."""
        return {"topics": list(self.topics)}

    def subscriptions(self) -> dict[str, str]:
        """Subscription name → topic."""
        return {f"{self.name}.{topic}": topic for topic in self.topics}

    async def serve(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """See ``Function.serve``."""
        for name, topic in self.subscriptions().items():
            await runtime.bus.declare(Subscription(name=name, topic=topic))
        handler = self.build(runtime)
        await runtime.bus.consume(dict.fromkeys(self.subscriptions(), handler), stop)


def subscribes(*topics: str) -> Callable[[Callable[[Runtime], Handler]], Subscribing]:
    """A function that events set off. It builds its handler from the runtime."""
    return lambda build: Subscribing(build, topics)
