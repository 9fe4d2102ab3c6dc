"""Schedules: made, changed, fired once whoever looks."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from functions import sweep
from infra.postgres.database import Database
from services.jobs.admission import Door, door
from services.jobs.schedules.run_schedules import job_id_of, run_schedules
from tests.flow.jobs.counter import Counter, counter

SCHEDULES = "/schedules"
NIGHTLY = {"name": "nightly", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "kind": "drill"}
ORDER = {"dataset_id": "gd_1", "platform": "facebook", "competitor": "c", "url": "https://www.facebook.com/c"}


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, max_queue_size=20) as opened:
        yield opened


async def made(desk: Counter, **fields: Any) -> Any:
    status, body = await desk.ask("POST", SCHEDULES, {**NIGHTLY, **fields})
    assert status == 201, body
    return body


async def become_due(desk: Counter, *, ago: timedelta = timedelta(seconds=1)) -> None:
    await desk.sql("UPDATE schedules SET next_at = now() - $1::interval", ago)


async def run(desk: Counter, *, at: Door | None = None, database: Database | None = None) -> int:
    return await run_schedules(door=at or desk.runtime.once(door), database=database or desk.runtime.database)


async def jobs(desk: Counter) -> list[Any]:
    return await desk.rows("SELECT * FROM jobs ORDER BY enqueued_at")


async def one(desk: Counter, schedule: Any) -> Any:
    return (await desk.ask("GET", f"{SCHEDULES}/{schedule['schedule_id']}"))[1]


async def test_a_schedule_says_when_it_fires_next(desk: Counter) -> None:
    schedule = await made(desk, priority="low", payload={"seconds": 1}, metadata={"a": 1})
    next_at = datetime.fromisoformat(schedule["next_at"])

    assert next_at.astimezone(UTC).minute == 30
    assert datetime.now(UTC) < next_at < datetime.now(UTC) + timedelta(days=1, hours=2)
    assert {name: schedule[name] for name in NIGHTLY} == NIGHTLY
    assert (schedule["priority"], schedule["payload"], schedule["metadata"]) == ("LOW", {"seconds": 1}, {"a": 1})
    assert await one(desk, schedule) == schedule


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


async def test_a_change_keeps_what_it_does_not_name(desk: Counter) -> None:
    schedule = await made(desk)
    status, changed = await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", {"cron": "0 4 * * *"})

    assert (status, changed["cron"]) == (200, "0 4 * * *")
    assert changed["next_at"] != schedule["next_at"]
    same = {"name", "kind", "timezone", "payload", "created_at", "priority"}
    assert {name: changed[name] for name in same} == {name: schedule[name] for name in same}


async def test_a_change_of_the_payload_does_not_move_the_time(desk: Counter) -> None:
    schedule = await made(desk, cron="* * * * *")
    await become_due(desk)
    await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", {"payload": {"seconds": 2}})

    assert await run(desk) == 1
    assert (await jobs(desk))[0]["payload"] == {"seconds": 2}


async def test_a_full_queue_makes_a_schedule_wait_and_say_so(desk: Counter) -> None:
    schedule = await made(desk)
    await become_due(desk)
    shut = Door(kinds=desk.runtime.once(door).kinds, room=0)

    assert await run(desk, at=shut) == 0
    assert "may" in (await one(desk, schedule))["last_error"]
    assert await run(desk) == 1
    assert (await one(desk, schedule))["last_error"] is None


async def test_a_schedule_whose_job_is_refused_says_why_and_goes_on(desk: Counter) -> None:
    refused, fine = await made(desk, name="a"), await made(desk, name="b")
    await desk.sql("UPDATE schedules SET kind = 'gone' WHERE name = 'a'")
    await become_due(desk)

    assert await run(desk) == 1
    assert "gone" in (await one(desk, refused))["last_error"]
    assert (await one(desk, refused))["next_at"] == (await one(desk, fine))["next_at"]


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


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"cron": "nonsense"}, "CRON_REFUSED"),
        ({"cron": "0 0 30 2 *"}, "CRON_NEVER_FIRES"),
        ({"timezone": "Mars/Olympus"}, "TIMEZONE_UNKNOWN"),
        ({"kind": "nonsense"}, "KIND_NOT_ACCEPTED"),
        ({"payload": {"seconds": -1}}, "INVALID_REQUEST"),
        ({"kind": "crawl", "payload": {**ORDER, "provider": "nobody"}}, "INVALID_REQUEST"),
        ({"metadata": {"x": "x" * 70_000}}, "METADATA_TOO_LARGE"),
        ({"name": "a\0b"}, "INVALID_REQUEST"),
        ({"name": ""}, "INVALID_REQUEST"),
        ({"priority": 7}, "INVALID_REQUEST"),
        ({"surprise": 1}, "INVALID_REQUEST"),
    ],
)
async def test_what_could_never_make_a_job_is_refused(desk: Counter, fields: dict[str, Any], code: str) -> None:
    schedule = await made(desk)
    status, problem = await desk.ask("POST", SCHEDULES, {**NIGHTLY, "name": "other", **fields})
    patched, other = await desk.ask("PATCH", f"{SCHEDULES}/{schedule['schedule_id']}", fields)

    assert (problem["code"], other["code"]) == (code, code)
    assert status == patched
    assert problem["recovery"]
    assert len(await desk.rows("SELECT id FROM schedules UNION ALL SELECT id FROM crawls")) == 1


async def test_a_name_is_taken_once(desk: Counter) -> None:
    await made(desk)
    other = await made(desk, name="other")

    assert (await desk.ask("POST", SCHEDULES, NIGHTLY))[1]["code"] == "SCHEDULE_EXISTS"
    status, problem = await desk.ask("PATCH", f"{SCHEDULES}/{other['schedule_id']}", {"name": "nightly"})
    assert (status, problem["code"]) == (409, "SCHEDULE_EXISTS")


async def test_schedules_are_listed_a_page_at_a_time(desk: Counter) -> None:
    names = [(await made(desk, name=name))["name"] for name in ("c", "a", "b")]
    _, first = await desk.ask("GET", f"{SCHEDULES}?page_size=2")
    _, second = await desk.ask("GET", f"{SCHEDULES}?page_size=2&page_token={first['next_page_token']}")
    status, _ = await desk.ask("GET", f"{SCHEDULES}?page_token=forged")

    assert [one["name"] for one in first["items"] + second["items"]] == sorted(names)
    assert (second["next_page_token"], status) == (None, 400)


async def test_a_deleted_schedule_fires_no_more_and_its_jobs_stay(desk: Counter) -> None:
    schedule = await made(desk)
    await become_due(desk)
    await run(desk)
    path = f"{SCHEDULES}/{schedule['schedule_id']}"

    assert [(await desk.ask("DELETE", path))[0] for _ in range(2)] == [204, 404]
    assert ((await desk.ask("GET", path))[0], len(await jobs(desk))) == (404, 1)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_the_callers_is_not_there(desk: Counter, method: str) -> None:
    schedule = await made(desk)
    await desk.sql("UPDATE schedules SET tenant = 'other'")

    for schedule_id in (schedule["schedule_id"], "no-id"):
        status, problem = await desk.ask(method, f"{SCHEDULES}/{schedule_id}", {} if method == "PATCH" else None)
        assert (status, problem["code"]) == (404, "NOT_FOUND")


async def test_the_sweep_fires_what_is_due(desk: Counter) -> None:
    await made(desk)
    await become_due(desk)

    await sweep.main.build(desk.runtime)(asyncio.Event())

    assert [job["kind"] for job in await jobs(desk)] == ["drill"]
