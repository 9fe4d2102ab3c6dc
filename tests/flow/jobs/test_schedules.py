"""Schedules at the face: made, changed, listed, ended."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.flow.jobs.counter import Counter, counter
from tests.flow.jobs.schedules import NIGHTLY, ORDER, SCHEDULES, become_due, jobs, made, one, run


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, max_queue_size=20) as opened:
        yield opened


async def test_a_schedule_says_when_it_fires_next(desk: Counter) -> None:
    schedule = await made(desk, priority="low", payload={"seconds": 1}, metadata={"a": 1})
    next_at = datetime.fromisoformat(schedule["next_at"])

    assert next_at.astimezone(UTC).minute == 30
    assert datetime.now(UTC) < next_at < datetime.now(UTC) + timedelta(days=1, hours=2)
    assert {name: schedule[name] for name in NIGHTLY} == NIGHTLY
    assert (schedule["priority"], schedule["payload"], schedule["metadata"]) == ("LOW", {"seconds": 1}, {"a": 1})
    assert await one(desk, schedule) == schedule


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
