"""MAX_QUEUE_SIZE: never exceeded, however many submit at once."""

import asyncio
from collections import Counter as Tally
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from infra.postgres.database import Database, Transaction
from services.jobs.store import admission
from services.jobs.submitting.admission import Door, door
from services.jobs.submitting.room import QueueFull
from services.jobs.submitting.submission import Submission
from services.jobs.submitting.submit_job import submit_job
from tests.flow.jobs.counter import Counter, counter

ROOM = 30
CROWD = 20


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, max_queue_size=ROOM) as opened:
        yield opened


@pytest.fixture
async def crowd(database_dsn: str, desk: Counter) -> AsyncIterator[list[Database]]:
    """Connections of as many other processes, opened."""
    opened = [await Database.connect(database_dsn, size=1) for _ in range(CROWD)]
    yield opened
    for database in opened:
        await database.close()


async def waiting(desk: Counter) -> int:
    return int((await desk.rows("SELECT count(*) AS n FROM jobs WHERE state IN ('ready', 'scheduled')"))[0]["n"])


async def rush(desk: Counter, crowd: list[Database], *, room: int, each: int) -> Tally[str]:
    """Everybody submits one job after the other, all at once; how it ended."""
    comes_in = Door(kinds=desk.runtime.once(door).kinds, room=room)

    async def submit(database: Database) -> list[str]:
        return [await _submitted(comes_in, database) for _ in range(each)]

    return Tally([end for ends in await asyncio.gather(*map(submit, crowd)) for end in ends])


async def _submitted(comes_in: Door, database: Database) -> str:
    try:
        await submit_job(
            Submission.model_validate({"kind": "drill"}),
            job_id=uuid4(),
            key=None,
            tenant="default",
            door=comes_in,
            database=database,
        )
    except QueueFull:
        return "full"
    return "taken"


async def far_from_full(desk: Counter) -> int:
    """A limit at which newcomers come in side by side at first: what the server has connections for, and some."""
    return int((await desk.rows("SHOW max_connections"))[0][0]) + ROOM


async def test_a_rush_fills_the_queue_and_not_one_more(desk: Counter, crowd: list[Database]) -> None:
    ends = await rush(desk, crowd, room=ROOM, each=3)

    assert ends == {"taken": ROOM, "full": CROWD * 3 - ROOM}
    assert await waiting(desk) == ROOM


async def test_a_rush_from_far_away_to_the_limit_ends_at_it(desk: Counter, crowd: list[Database]) -> None:
    room = await far_from_full(desk)

    ends = await rush(desk, crowd, room=room, each=room // CROWD + 2)

    assert await waiting(desk) == ends["taken"] == room


async def test_control_without_the_lock_a_rush_exceeds_the_limit(
    desk: Counter, crowd: list[Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unlocked(tx: Transaction, queue: str, *, tenant: str, places: int, limit: int) -> admission.Room:
        count = await admission.waiting(tx, queue, at_most=limit + 1)
        await asyncio.sleep(0.01)  # whoever comes in now sees the same
        return admission.Room(free=limit - count, waiting=count, share=limit)

    monkeypatch.setattr(admission, "free", unlocked)
    await rush(desk, crowd, room=ROOM, each=3)

    assert await waiting(desk) > ROOM


async def test_far_from_the_limit_nobody_waits_for_anybody(desk: Counter, crowd: list[Database]) -> None:
    room = await far_from_full(desk) + ROOM
    async with crowd[0].transaction() as slow:
        assert (await admission.free(slow, "drill", tenant="t", places=1, limit=room)).free
        async with asyncio.timeout(5):
            assert await _submitted(Door(kinds=desk.runtime.once(door).kinds, room=room), crowd[1]) == "taken"


async def test_control_near_the_limit_they_do(desk: Counter, crowd: list[Database]) -> None:
    async with crowd[0].transaction() as slow:
        await admission.free(slow, "drill", tenant="t", places=1, limit=ROOM)
        submitting = asyncio.create_task(_submitted(Door(kinds=desk.runtime.once(door).kinds, room=ROOM), crowd[1]))
        done, _ = await asyncio.wait([submitting], timeout=0.3)
        assert not done
    assert await submitting == "taken"


async def test_a_full_queue_says_how_many_wait_and_when_to_come_back(desk: Counter) -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    jobs = {"kind": "drill", "jobs": [{"due_at": soon}] * 10 + [{}] * 20}
    await desk.ask("POST", "/submit-batch", jobs)

    async with desk.http.post(f"{desk.url}/api/background/submit", json={"kind": "drill"}) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (429, "QUEUE_FULL")
    assert (problem["waiting"], problem["limit"], problem["queue"]) == (ROOM, ROOM, "drill")
    assert answer.headers["Retry-After"] == "5"
    assert "MAX_QUEUE_SIZE" in problem["recovery"]


async def test_a_batch_that_does_not_fit_leaves_nothing_behind(desk: Counter) -> None:
    one = await desk.accepted()
    status, problem = await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})

    assert (status, problem["code"]) == (429, "QUEUE_FULL")
    assert await desk.rows("SELECT id FROM jobs UNION ALL SELECT id FROM batches") == [(one["id"],)]


async def full_of_drills_beside_a_failed_one(desk: Counter) -> str:
    _, job = await desk.submit()
    await desk.sql("UPDATE jobs SET state = 'failed', finished_at = now(), error_code = 'X'")
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})
    return str(job["job_id"])


@pytest.mark.parametrize("path", ["/job/{}/retry", "/job/{}/restart", "/dead-letters/{}/replay"])
async def test_an_old_job_that_starts_anew_needs_room_as_a_new_one(desk: Counter, path: str) -> None:
    job_id = await full_of_drills_beside_a_failed_one(desk)

    status, problem = await desk.ask("POST", path.format(job_id))
    assert (status, problem["code"], await waiting(desk)) == (429, "QUEUE_FULL", ROOM)

    await desk.sql("DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE state = 'ready' LIMIT 1)")
    assert (await desk.ask("POST", path.format(job_id)))[0] == 202


async def test_a_job_that_waits_already_is_restarted_in_its_own_place(desk: Counter) -> None:
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})
    [[job_id]] = await desk.rows("SELECT id FROM jobs LIMIT 1")

    assert (await desk.ask("POST", f"/job/{job_id}/restart"))[0] == 202
    assert await waiting(desk) == ROOM


@pytest.mark.parametrize(
    ("path", "asked"),
    [("/jobs/retry", {"filter": {"kind": "drill"}}), ("/dead-letters/replay", {"filter": {"code": "X"}})],
)
async def test_many_that_start_anew_fill_the_queue_and_say_what_stopped_them(
    desk: Counter, path: str, asked: dict[str, Any]
) -> None:
    for _ in range(2):
        await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})
        await desk.sql("UPDATE jobs SET state = 'failed', finished_at = now(), error_code = 'X'")

    status, told = await desk.ask("POST", path, asked)

    assert (status, told["changed"], told["stopped"]["code"]) == (200, ROOM, "QUEUE_FULL")
    assert await waiting(desk) == ROOM


@pytest.mark.parametrize("state", ["running", "waiting", "paused", "completed", "failed"])
async def test_what_does_not_wait_for_a_worker_takes_no_room(desk: Counter, state: str) -> None:
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})
    await desk.sql("UPDATE jobs SET state = $1", state)

    assert (await desk.submit())[0] == 202


async def test_another_queue_has_room_of_its_own(desk: Counter) -> None:
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})
    order = {"dataset_id": "d", "platform": "p", "competitor": "c", "url": "https://example.com/"}

    assert (await desk.submit({"kind": "crawl", "payload": order}))[0] == 202


async def plan(desk: Counter, statement: str, *values: Any, mode: str) -> str:
    async with desk.runtime.database.transaction() as tx:
        await tx.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
        return "\n".join(row[0] for row in await tx.fetch(f"EXPLAIN {statement}", *values))


@pytest.mark.parametrize("mode", ["custom", "generic"])
@pytest.mark.parametrize("ready", [0, 100, 5000])
async def test_counting_looks_at_what_waits_and_nothing_else(desk: Counter, mode: str, ready: int) -> None:
    await desk.sql(
        "INSERT INTO jobs (id, kind, queue, state, due_at) SELECT gen_random_uuid(), 'k',"
        " CASE WHEN n % 10 = 1 AND n % 100 <> 1 AND n > $1 THEN 'other' ELSE 'drill' END,"
        " CASE WHEN n <= $1 THEN 'ready' WHEN n % 10 = 1 THEN 'scheduled' ELSE 'completed' END, now()"
        " FROM generate_series(1, 50000) n",
        ready,
    )
    await desk.sql("VACUUM ANALYZE jobs")

    found = await plan(desk, admission._WAITING, "drill", 10_000, mode=mode)

    assert "Seq Scan" not in found
    assert "jobs_parked" in found or "jobs_scheduled" in found
    shares = [(admission._WAITING_OF_ONE, "drill", 5_000, "default"), (admission._TENANTS, "drill", "default")]
    for statement, *values in shares:
        assert "Seq Scan" not in await plan(desk, statement, *values, mode=mode)
