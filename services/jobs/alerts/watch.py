"""Look whether something is wrong, and have it told when that begins and when it ends."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4, uuid5

import structlog
from msgspec import to_builtins

from infra.postgres.database import Database, Transaction
from services.jobs.alerts.judge import Standing, judge
from services.jobs.alerts.notice import Channel, Notice
from services.jobs.alerts.rules import LEAST_ENDED, RULES, STUCK_SECONDS
from services.jobs.job import NewJob
from services.jobs.rank import Priority
from services.jobs.store import alerts, depths, queue, statistics, workers
from services.jobs.store.alerts import Key
from services.jobs.store.queues import ALL
from services.jobs.watching.depth import depth, is_paused
from services.jobs.watching.roster import SEEN_SECONDS

EVERY_SECONDS = 5.0
MAX_TRIES = 10
QUEUE = KIND = "alert"

log = structlog.get_logger()


async def watch(
    database: Database,
    *,
    now: datetime,
    max_queue_size: int,
    channels: Sequence[Channel] = (),
    every_seconds: float = EVERY_SECONDS,
) -> list[Notice]:
    """Look if the last look is long enough ago; returns what was raised or cleared.

    Each of these is queued for every channel in the transaction that changes the alert: told surely, and once.
    """
    notices: list[Notice] = []
    async with database.transaction() as tx:
        if not await alerts.take_turn(tx, every_seconds=every_seconds):
            return []
        values = await measure(tx, now=now, max_queue_size=max_queue_size)
        known = await alerts.open_ones(tx)
        for key in sorted({*values, *known}):
            notice = await _look(tx, key, values.get(key, 0.0), known.get(key), now)
            if notice is not None:
                notices.append(notice)
        if deliveries := [_delivery(notice, channel) for notice in notices for channel in channels]:
            await queue.enqueue_many(tx, deliveries)
    for notice in notices:
        log.warning("alert", change=notice.change, rule=notice.rule, level=notice.level, message=notice.message)
    return notices


async def measure(tx: Transaction, *, now: datetime, max_queue_size: int) -> dict[Key, float]:
    """The value of every rule, for each thing it is about. What is not named is 0."""
    queues, everything = await depths.queues(tx), await depths.depths(tx, tenant=None)
    rows = [row for row in everything if not is_paused(row["queue"], queues)]
    found = depth(rows)
    ready = any(row["state"] == "ready" for row in rows)
    seen = await workers.seen(tx, within_seconds=SEEN_SECONDS) if ready else []
    return {
        **_fill(everything, max_queue_size),
        **_pauses(everything, queues, now),
        **_rates(await statistics.failures(tx, now=now)),
        **{(f"oldest_{level.name.lower()}", ""): found.oldest.get(level.name, 0.0) for level in Priority},
        ("stuck_jobs", ""): float(await depths.stuck(tx, seconds=STUCK_SECONDS)),
        ("outbox_age", ""): (await depths.outbox(tx))["oldest_seconds"],
        ("dead_letters", ""): float(await depths.dead(tx, tenant=None)),
        ("no_worker", ""): float(ready and not seen),
    }


def _fill(rows: Iterable[Mapping[str, Any]], max_queue_size: int) -> dict[Key, float]:
    waiting: Counter[str] = Counter()
    for row in rows:
        waiting[row["queue"]] += row["waiting"]
    shares = {queue: count / max_queue_size for queue, count in waiting.items() if count}
    return {(rule, queue): share for queue, share in shares.items() for rule in ("queue_filling", "queue_full")}


def _pauses(
    rows: Iterable[Mapping[str, Any]], queues: Mapping[str, Mapping[str, Any]], now: datetime
) -> dict[Key, float]:
    held = {row["queue"] for row in rows if row["state"] in {"ready", "waiting"}}
    return {
        ("long_paused", name): (now - queue["paused_at"]).total_seconds()
        for name, queue in queues.items()
        if queue["paused_at"] is not None and (name in held or (name == ALL and held))
    }


def _rates(failures: Mapping[str, tuple[float, float]]) -> dict[Key, float]:
    rates = {kind: failed / ended for kind, (failed, ended) in failures.items() if ended >= LEAST_ENDED}
    return {(rule, kind): rate for kind, rate in rates.items() for rule in ("failure_rate", "failure_rate_severe")}


async def _look(
    tx: Transaction, key: Key, value: float, known: tuple[UUID, str, Standing] | None, now: datetime
) -> Notice | None:
    if key[0] not in RULES:  # a rule of another version of this program
        return None
    rule = RULES[key[0]]
    alert_id, message, before = known or (uuid4(), "", None)
    after = judge(before, value, rule=rule, now=now)
    if after is None:
        if before is not None:
            await alerts.drop(tx, alert_id)
        return None
    if value >= rule.clear_below:
        message = rule.message(value, key[1])
    level = rule.level.name.lower()
    await alerts.keep(tx, alert_id, key, after, level=level, message=message)
    change = _change(before, after)
    if change is None or after.raised_at is None:
        return None
    return Notice(
        change=change,
        alert_id=alert_id,
        rule=key[0],
        subject=key[1],
        level=level,
        message=message,
        value=value,
        raised_at=after.raised_at,
        cleared_at=after.cleared_at,
    )


def _change(before: Standing | None, after: Standing) -> Literal["raised", "cleared"] | None:
    if after.cleared_at is not None:
        return "cleared"
    return "raised" if after.raised_at is not None and (before is None or before.raised_at is None) else None


def _delivery(notice: Notice, channel: Channel) -> NewJob:
    return NewJob(
        id=uuid5(notice.alert_id, f"{notice.change} {channel}"),
        kind=KIND,
        queue=QUEUE,
        priority=Priority.CRITICAL,
        max_tries=MAX_TRIES,
        payload={"channel": channel, "notice": to_builtins(notice)},
    )
