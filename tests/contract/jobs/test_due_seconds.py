"""How long a tick is needed: until nothing is due before the next one."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from infra.runtime.functions.function import TICK_SECONDS, ticks
from infra.runtime.runtime import Runtime
from services.jobs.alerts.judge import GAP
from services.jobs.alerts.watch import EVERY_SECONDS
from services.jobs.commanding.enforce_wishes import PATIENCE_SECONDS
from services.jobs.sweep import due_seconds
from tests.contract.jobs.alarms import look, raised, seen
from tests.contract.jobs.rig import Desk

SCHEDULE = """
INSERT INTO schedules (id, tenant, name, cron, timezone, kind, next_at, paused)
VALUES ($1, 'default', 'each minute', '* * * * *', 'UTC', 'drill', now() + interval '20 s', {paused})
"""


async def _scheduled(desk: Desk) -> None:
    [job_id] = await desk.queue(state="scheduled")
    await desk.change(job_id, "due_at = now() + interval '20 s'")


async def _leased(desk: Desk) -> None:
    [job_id] = await desk.queue()
    await desk.change(job_id, "state = 'running', lease_until = now() + interval '20 s'")


async def _fires(desk: Desk) -> None:
    await desk.database.pool.execute(SCHEDULE.format(paused="false"), uuid4())


async def _untold(desk: Desk) -> None:
    await desk.database.pool.execute(
        "INSERT INTO outbox (id, type, tenant, subject, time, data, due_at)"
        " VALUES ($1, 'crawl.failed', 'default', 'c', now(), '{}', now() + interval '20 s')",
        uuid4(),
    )


async def _wished(desk: Desk) -> None:
    [job_id] = await desk.queue()
    await desk.change(
        job_id,
        "state = 'running', lease_until = now() + interval '40 s', want = 'cancel',"
        f" wanted_at = now() + interval '20 s' - {PATIENCE_SECONDS} * interval '1 s'",
    )


@pytest.mark.parametrize("something", [_scheduled, _leased, _fires, _untold, _wished])
async def test_whatever_is_due_next_is_known(desk: Desk, something: Any) -> None:
    assert await due_seconds(desk.database) is None

    await something(desk)

    assert 15 < (await due_seconds(desk.database) or 0) <= 20


async def test_what_nobody_may_do_is_due_to_nobody(desk: Desk) -> None:
    await desk.database.pool.execute(SCHEDULE.format(paused="true"), uuid4())
    await desk.queue()  # ready: that is for its worker

    assert await due_seconds(desk.database) is None


async def test_what_may_be_wrong_is_looked_at_until_it_is_known(desk: Desk) -> None:
    await desk.queue()
    await look(desk.database, 0)
    assert await due_seconds(desk.database) == EVERY_SECONDS

    await seen(desk.database)
    await look(desk.database, 5)

    assert await due_seconds(desk.database) is None


async def test_what_was_wrong_is_looked_at_until_it_has_passed(desk: Desk) -> None:
    await desk.queue()
    await raised(desk.database)
    assert await due_seconds(desk.database) is None  # it stands, whoever looks

    await seen(desk.database)
    await look(desk.database, 45)
    assert await due_seconds(desk.database) == EVERY_SECONDS
    await look(desk.database, 55)

    assert await due_seconds(desk.database) is None


async def test_what_nobody_looks_at_any_more_keeps_no_tick(desk: Desk) -> None:
    await desk.queue()
    await look(desk.database, -GAP.total_seconds())

    assert await due_seconds(desk.database) is None


@pytest.mark.parametrize(
    ("seconds", "turns"),
    [([None], 1), ([TICK_SECONDS + 1], 1), ([0.0, 0.01, None], 3), ([0.0, TICK_SECONDS + 1], 2)],
)
async def test_a_tick_turns_until_nothing_is_due_before_the_next(seconds: list[float | None], turns: int) -> None:
    turned, left = 0, iter(seconds)

    async def turn(stop: asyncio.Event) -> None:
        nonlocal turned
        turned += 1

    async def soon(_: Runtime) -> float | None:
        return next(left)

    runtime = cast("Runtime", SimpleNamespace(once=lambda build: build(None)))
    async with asyncio.timeout(5):
        await ticks(every=0.001, soon=soon)(lambda _: turn).work(runtime, asyncio.Event())

    assert turned == turns


async def test_a_tick_that_has_to_stop_does_not_wait_for_what_is_due() -> None:
    stop = asyncio.Event()

    async def turn(stop: asyncio.Event) -> None:
        stop.set()

    async def soon(_: Runtime) -> float | None:
        raise AssertionError

    runtime = cast("Runtime", SimpleNamespace(once=lambda build: build(None)))
    async with asyncio.timeout(5):
        await ticks(every=60.0, soon=soon)(lambda _: turn).work(runtime, stop)
