"""One process's share in delivering what the embedded bus holds."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from infra.postgres import bus as sql
from infra.postgres.away import AWAY
from infra.postgres.bus import Delivery
from infra.postgres.database import Database
from infra.runtime.events.bus import Handler, Subscription
from infra.runtime.events.push import push
from infra.runtime.events.verdict import tell, verdict
from infra.runtime.telemetry import trace, tracing
from schemas.problem import Problem

if TYPE_CHECKING:
    import aiohttp

_DOUBLINGS = 30  # more would only overflow: a second has become 34 years
_TROUBLE = (OSError, asyncpg.PostgresError, *AWAY)
log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How a consumer works: deliveries of one subscription at once, and times in seconds."""

    concurrency: int = 16
    lease_s: float = 60.0
    poll_s: float = 1.0
    grace_s: float = 5.0  # for running deliveries, when asked to stop
    chance: Callable[[], float] = random.random


class Consumer:
    """Claims deliveries and has them handled, each subscription in its own lane: a slow one delays nobody else.

    ``handlers`` may change while it runs.
    """

    def __init__(
        self,
        database: Database,
        *,
        doorbell: asyncio.Event,
        session: "aiohttp.ClientSession | None",
        pace: Pace,
    ) -> None:
        self.handlers: dict[str, Handler] = {}
        self._database = database
        self._doorbell = doorbell
        self._session = session
        self._pace = pace
        self._running: dict[asyncio.Task[None], Delivery] = {}
        self._stopping = False

    async def run(self) -> None:
        """Deliver until ``stop``; what is unfinished after the grace period goes back untouched."""
        holding = asyncio.create_task(self._keep_holding())
        try:
            while not self._stopping:
                self._doorbell.clear()
                await self._take()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._doorbell.wait(), self._pace.poll_s)
        finally:
            await self._wind_up(dict(self._running))
            holding.cancel()

    def stop(self) -> None:
        """Ask ``run`` to end."""
        self._stopping = True
        self._doorbell.set()

    async def release(self, names: Collection[str]) -> None:
        """Stop handling these subscriptions; returns when nothing of them runs any more."""
        for name in names:
            self.handlers.pop(name, None)
        await self._wind_up({task: d for task, d in self._running.items() if d.subscription.name in names})

    async def _keep_holding(self) -> None:
        while True:
            await asyncio.sleep(self._pace.lease_s / 3)
            held = list(self._running.values())
            if held:
                await self._tell(sql.hold, held, lease_s=self._pace.lease_s)

    async def _take(self) -> None:
        busy = Counter(delivery.subscription.name for delivery in self._running.values())
        claimed: Sequence[Delivery] | None = await self._tell(
            sql.claim,
            list(self.handlers),
            push=self._session is not None,
            busy=busy,
            room=self._pace.concurrency,
            lease_s=self._pace.lease_s,
        )
        for delivery in claimed or ():
            task = asyncio.create_task(self._deliver(delivery))
            self._running[task] = delivery
            task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._doorbell.set()

    async def _deliver(self, delivery: Delivery) -> None:
        trace.follow(trace.valid(delivery.envelope.traceparent))
        if delivery.attempt > delivery.subscription.max_attempts:
            # Whoever took it last never came back: without this, a message that kills its reader comes for ever.
            detail = "No reader survived the last delivery"
            await self._tell(sql.set_aside, delivery, outcome="exhausted", reason="LEASE_EXPIRED", detail=detail)
            return
        handle = self._handler(delivery.subscription)
        if handle is None:  # released while it was being claimed
            await self._tell(sql.give_back, [delivery])
            return
        try:
            with tracing.span(f"deliver {delivery.envelope.type}", kind="consumer"):
                await handle(delivery.envelope, delivery.attempt)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises means: not acknowledged
            await self._failed(delivery, error)
        else:
            await self._tell(sql.acknowledge, delivery)

    def _handler(self, subscription: Subscription) -> Handler | None:
        session, url = self._session, subscription.push_url
        if subscription.name in self.handlers or session is None or url is None:
            return self.handlers.get(subscription.name)
        return lambda envelope, _: push(session, url, envelope)

    async def _failed(self, delivery: Delivery, error: Exception) -> None:
        found = verdict(error, last=delivery.attempt >= delivery.subscription.max_attempts)
        tell(found, error, subscription=delivery.subscription.name, event_id=delivery.envelope.id)
        if found.outcome is None:
            wait = delay(delivery.subscription, delivery.attempt, error, chance=self._pace.chance())
            await self._tell(sql.postpone, delivery, delay_s=wait)
        else:
            why = {"outcome": found.outcome, "reason": found.reason, "detail": found.detail}
            await self._tell(sql.set_aside, delivery, **why)

    async def _tell(self, statement: Callable[..., Awaitable[Any]], *args: object, **options: object) -> Any:
        try:
            async with self._database.pool.acquire() as connection:
                return await statement(connection, *args, **options)
        except _TROUBLE:
            # The database is away: the poll asks again, and what was not settled comes back when its lease ends.
            log.exception("the bus could not reach its database")
            return None

    async def _wind_up(self, running: Mapping[asyncio.Task[None], Delivery]) -> None:
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=self._pace.grace_s)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
            await self._tell(sql.give_back, [running[task] for task in late])


def delay(subscription: Subscription, attempt: int, error: Exception, *, chance: float) -> float:
    """Seconds until the next delivery: full jitter over a doubling range, or longer if a problem asks for it."""
    span = subscription.min_backoff_s * 2.0 ** min(attempt - 1, _DOUBLINGS)
    asked = (error.retry_after or 0.0) if isinstance(error, Problem) else 0.0
    return min(subscription.max_backoff_s, max(span * chance, asked))
