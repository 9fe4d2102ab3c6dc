"""Schedules fire: one job a firing, whoever looks and however often."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from functions import sweep
from services.jobs.schedules.run_schedules import AT_ONCE, LEAST_SECONDS, MOST_SECONDS, job_id_of
from services.jobs.submitting.admission import Door, door
from tests.flow.jobs.counter import Counter, counter
from tests.flow.jobs.schedules import NIGHTLY, ORDER, SCHEDULES, become_due, jobs, made, one, run, try_again


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, max_queue_size=20) as opened:
        yield opened


async def copies(desk: Counter, schedule: Any, count: int) -> None:
    """As many more schedules like this one."""
    await desk.sql(
        "INSERT INTO schedules (id, tenant, name, cron, timezone, kind, next_at)"
        " SELECT gen_random_uuid(), tenant, name || n, cron, timezone, kind, next_at"
        " FROM schedules, generate_series(1, $2) n WHERE id = $1",
        schedule["schedule_id"],
        count,
    )


async def test_a_due_schedule_makes_one_job_and_moves_on(desk: Counter) -> None:
    schedule = await made(desk, priority="high", payload={"seconds": 1}, metadata={"a": 1})
    await become_due(desk)

    assert [await run(desk), await run(desk)] == [1, 0]
    [job], after = await jobs(desk), await one(desk, schedule)
    assert (job["state"], job["kind"], job["priority"], job["payload"]) == ("ready", "drill", 1, {"seconds": 1})
    assert (str(job["schedule_id"]), job["metadata"]) == (schedule["schedule_id"], {"a": 1})
    assert (after["last_job_id"], after["next_at"], after["last_error"]) == (str(job["id"]), schedule["next_at"], None)
    assert after["last_at"] is not None


async def test_a_schedule_that_is_not_due_makes_none(desk: Counter) -> None:
    await made(desk)

    assert await run(desk) == 0


async def test_a_long_downtime_fires_once(desk: Counter) -> None:
    await made(desk, cron="* * * * *")
    await become_due(desk, ago=timedelta(days=30))

    assert [await run(desk), await run(desk)] == [1, 0]
    assert len(await jobs(desk)) == 1


async def test_many_who_look_at_once_make_each_job_once(desk: Counter) -> None:
    for number in range(10):
        await made(desk, name=f"s{number}")
    await become_due(desk)

    fired = await asyncio.gather(*(run(desk) for _ in range(20)))

    assert sum(fired) == len(await jobs(desk)) == 10


async def test_a_firing_that_is_repeated_makes_no_second_job(desk: Counter) -> None:
    schedule = await made(desk)
    await become_due(desk)
    [row] = await desk.rows("SELECT next_at FROM schedules")
    await run(desk)
    await desk.sql("UPDATE schedules SET next_at = $1", row["next_at"])
    await run(desk)

    assert [job["id"] for job in await jobs(desk)] == [job_id_of(UUID(schedule["schedule_id"]), row["next_at"])]


async def test_control_another_firing_makes_another_job(desk: Counter) -> None:
    await made(desk)
    for _ in range(2):
        await become_due(desk)
        await run(desk)

    assert len(await jobs(desk)) == 2


async def test_a_paused_schedule_rests_and_makes_up_for_nothing(desk: Counter) -> None:
    schedule = await made(desk, cron="* * * * *", paused=True)
    await become_due(desk, ago=timedelta(days=1))
    rested = await run(desk)
    path = f"{SCHEDULES}/{schedule['schedule_id']}"
    _, going = await desk.ask("PATCH", path, {"paused": False})

    assert (schedule["next_at"], rested, await run(desk)) == (None, 0, 0)
    assert datetime.fromisoformat(going["next_at"]) > datetime.now(UTC)


@pytest.mark.parametrize("said", [{"paused": False}, {"cron": NIGHTLY["cron"]}, {"priority": "low"}])
async def test_saying_again_what_is_so_drops_no_firing_that_is_due(desk: Counter, said: dict[str, Any]) -> None:
    schedule = await made(desk)
    await become_due(desk)
    await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", said)

    assert await run(desk) == 1


async def test_control_other_times_do(desk: Counter) -> None:
    schedule = await made(desk)
    await become_due(desk)
    await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", {"cron": "31 2 * * *"})

    assert await run(desk) == 0


async def test_a_full_queue_makes_a_schedule_wait_and_say_so(desk: Counter) -> None:
    schedule = await made(desk)
    await become_due(desk)
    shut = Door(kinds=desk.runtime.once(door).kinds, room=0)

    assert await run(desk, at=shut) == 0
    assert "may" in (await one(desk, schedule))["last_error"]
    assert await run(desk) == 0
    await try_again(desk)
    assert [await run(desk), await run(desk)] == [1, 0]
    assert (await one(desk, schedule))["last_error"] is None


async def test_those_that_cannot_fire_let_others_come(desk: Counter) -> None:
    full, fine = await made(desk, name="full"), await made(desk, name="fine", kind="crawl", payload=ORDER)
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * 20})
    await copies(desk, full, AT_ONCE)
    await become_due(desk)
    await desk.sql("UPDATE schedules SET next_at = now() WHERE name = 'fine'")

    assert [await run(desk), await run(desk)] == [0, 1]
    assert (await one(desk, fine))["last_job_id"] is not None


async def test_control_those_that_were_put_off_come_first_again_in_their_time(desk: Counter) -> None:
    full = await made(desk, name="full")
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * 20})
    await copies(desk, full, AT_ONCE)
    await become_due(desk)
    await run(desk)
    await try_again(desk)
    await made(desk, name="fine", kind="crawl", payload=ORDER)
    await desk.sql("UPDATE schedules SET next_at = now() WHERE name = 'fine'")

    assert await run(desk) == 0


@pytest.mark.parametrize(("ago", "seconds"), [(0, LEAST_SECONDS), (10, 10.0), (3600, MOST_SECONDS)])
async def test_a_firing_is_tried_again_after_as_long_as_it_waited(desk: Counter, ago: int, seconds: float) -> None:
    await made(desk)
    await become_due(desk, ago=timedelta(seconds=ago))
    await run(desk, at=Door(kinds=desk.runtime.once(door).kinds, room=0))

    [row] = await desk.rows("SELECT extract(epoch FROM retry_at - now())::float8 AS seconds FROM schedules")
    assert seconds - 1 < row["seconds"] < seconds + 1


async def test_a_schedule_that_has_no_next_time_any_more_pauses_itself(desk: Counter) -> None:
    schedule = await made(desk)
    await desk.sql("UPDATE schedules SET cron = '0 0 30 2 *'")
    await become_due(desk)

    assert [await run(desk), await run(desk)] == [0, 0]
    assert (await one(desk, schedule))["paused"] is True


async def test_crawls_come_again_and_again(desk: Counter) -> None:
    await made(desk, kind="crawl", payload=ORDER)
    for _ in range(2):
        await become_due(desk)
        assert await run(desk) == 1

    crawls = await desk.rows("SELECT id FROM crawls")
    assert {job["id"] for job in await jobs(desk)} == {row["id"] for row in crawls}
    assert len(crawls) == 2


async def test_the_sweep_fires_what_is_due(desk: Counter) -> None:
    await made(desk)
    await become_due(desk)

    await sweep.main.function.build(desk.runtime)(asyncio.Event())

    assert [job["kind"] for job in await jobs(desk)] == ["drill"]
