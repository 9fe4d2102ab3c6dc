"""Push queued events to other teams' endpoints."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from standardwebhooks import Webhook

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.egress.refused import EgressFailed, EgressRefused
from infra.runtime.events.push import PushRefused, push
from infra.runtime.telemetry import trace, tracing
from services.events.store import pushes
from services.events.store.pushes import Push

if TYPE_CHECKING:
    import aiohttp

KEEP_TRYING = timedelta(days=7)
FIRST_DELAY_S, LONGEST_DELAY_S = 5.0, 3600.0
LEASE_S = 60.0  # a push takes 30 s at most
LANE = 8  # pushes to one endpoint at once
_LOOK_AGAIN_S = 0.5  # while pushes are under way: for those that came meanwhile
_GRACE_S = 1.0

log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


async def push_due(
    database: Database,
    session: "aiohttp.ClientSession",
    *,
    limit: int,
    patience_s: float = 60.0,
    stop: asyncio.Event | None = None,
    now: Callable[[], datetime] = _now,
    chance: Callable[[], float] = random.random,
) -> int:
    """Push until nothing is due, ``limit`` at a time; returns how many were taken.

    No new push is begun after ``patience_s`` seconds. When ``stop`` is set, pushes under way get a second to end; what
    is cut then is pushed again when its lease ends. Endpoints that fail share half of the
    limit, one push each, so they never hold up the others. Several processes may do this at once.
    """
    turn = _Turn(database, session, limit=limit, now=now, chance=chance)
    until = time.monotonic() + patience_s
    try:
        while stop is None or not stop.is_set():
            if time.monotonic() < until:
                await turn.begin()
            if not turn.running:
                return turn.taken
            await asyncio.wait(turn.running, timeout=_LOOK_AGAIN_S, return_when=asyncio.FIRST_COMPLETED)
        if turn.running:
            await asyncio.wait(turn.running, timeout=_GRACE_S)
        return turn.taken
    finally:
        for task in turn.running:
            task.cancel()
        await asyncio.gather(*turn.running, return_exceptions=True)


@dataclass(kw_only=True)
class _Turn:
    database: Database = field(kw_only=False)
    session: "aiohttp.ClientSession" = field(kw_only=False)
    limit: int
    now: Callable[[], datetime]
    chance: Callable[[], float]
    taken: int = 0
    running: dict[asyncio.Task[None], Push] = field(default_factory=dict)

    async def begin(self) -> None:
        """Claim what there is room for, and start to push it."""
        room = self.limit - len(self.running)
        if room <= 0:
            return
        failing = sum(push.failing for push in self.running.values())
        async with self.database.transaction() as tx:
            claimed = await pushes.claim(
                tx,
                busy=Counter(push.subscription_id for push in self.running.values()),
                room=room,
                lane=LANE,
                failing_room=max(1, self.limit // 2) - failing,
                lease_s=LEASE_S,
            )
        for one in claimed:
            task = asyncio.create_task(self._push(one))
            self.running[task] = one
            task.add_done_callback(self.running.pop)

    async def _push(self, one: Push) -> None:
        try:
            error = await self._sent(one)
            if error is not None:
                await self._failed(one, error)
                return
            async with self.database.transaction() as tx:
                await pushes.taken(tx, one)
            self.taken += 1
        except DatabaseAway as away:
            # The claim lapses, and the event is pushed again: a duplicate at worst.
            log.warning("a push could not be settled", event_id=one.event.id, reason=str(away))

    async def _sent(self, one: Push) -> Exception | None:
        import aiohttp  # noqa: PLC0415  # it takes a while to load, and most looks find nothing to push

        try:
            headers = signature(one, at=self.now())
            with tracing.span(f"push {one.event.type}", kind="client", parent=trace.valid(one.event.traceparent)):
                await push(self.session, one.push_url, one.event, headers=headers, taken=range(200, 300))
        except (PushRefused, EgressRefused, EgressFailed, aiohttp.ClientError, OSError, ValueError) as error:
            return error
        return None

    async def _failed(self, one: Push, error: Exception) -> None:
        told = f"{type(error).__name__}: {error}"[:500]
        over = self.now() - one.created_at >= KEEP_TRYING
        fields = {"subscription": str(one.subscription_id), "event_id": one.event.id, "reason": told}
        async with self.database.transaction() as tx:
            if over:
                await pushes.give_up(tx, one, error=told)
            else:
                await pushes.failed(tx, one, delay_s=delay(one.attempt, chance=self.chance()), error=told)
        log.warning("event given up" if over else "event not taken", **fields)


async def due_seconds(database: Database) -> float | None:
    """In how many seconds the next push is due; None if nothing waits."""
    async with database.reading() as tx:
        return await pushes.next_due_seconds(tx)


def delay(attempt: int, *, chance: float) -> float:
    """Seconds until the next push: full jitter over a doubling range, but never less than a second."""
    span = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt - 1, 30))
    return max(1.0, span * chance)


def signature(one: Push, *, at: datetime) -> dict[str, str]:
    """The headers by which the receiver knows us (https://www.standardwebhooks.com)."""
    return {
        "webhook-id": one.event.id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(one.secret).sign(one.event.id, at, one.event.body().decode()),
    }
