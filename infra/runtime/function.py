"""Functions: the entry points of the pipeline, each saying itself what sets it off."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from infra.postgres.away import DatabaseAway
from infra.runtime.bus import Handler, Subscription
from infra.runtime.runtime import Runtime

log = structlog.get_logger()

AWAY_SECONDS = 1.0  # between two turns while the database is away; each fails at once
TICK = "tick"  # the doorbell that the clock rings each minute


class Function(Protocol):
    """An entry point. ``trigger`` goes into the generated topology.

    Where functions are pushed to, ``doorbells`` in it are the topics whose messages say that there may be work.
    """

    trigger: Mapping[str, Any]

    async def serve(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """Answer its trigger in this process until ``stop`` is set."""


Turn = Callable[[asyncio.Event], Awaitable[None]]


@dataclass(frozen=True)
class Ticking:
    """Runs again and again; ``every`` is in seconds, from the end of one turn to the start of the next.

    Does it work a ``queue`` that can be paused, its turns heed that. ``bell`` is rung when there may be something to do
    before the next tick; the queue's is, without being named.
    """

    build: Callable[[Runtime], Turn]
    every: float
    queue: str | None = None
    bell: str | None = None

    @property
    def trigger(self) -> Mapping[str, Any]:
        """For the topology."""
        rung = [doorbell(bell) for bell in (self.bell, self.queue) if bell]
        return {"tick": True, **({"queue": self.queue} if self.queue else {}), "doorbells": [TICK, *rung]}

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
            await asyncio.wait([stopping := asyncio.ensure_future(stop.wait())], timeout=pause)
            stopping.cancel()


def doorbell(queue: str) -> str:
    """The topic on which a queue's doorbell is rung."""
    return f"doorbell.{queue}"


def ticks(
    *, every: float, queue: str | None = None, bell: str | None = None
) -> Callable[[Callable[[Runtime], Turn]], Ticking]:
    """A function that the clock sets off. It builds its turn from the runtime."""
    return lambda build: Ticking(build, every, queue, bell)


@dataclass(frozen=True)
class Subscribing:
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
