"""The clean-up runs beside the engine, never in its way."""

import asyncio

import pytest

from functions import clean_up, sweep
from services.jobs import sweep as forgetting
from tests.contract.jobs.rig import until
from tests.flow.jobs.counter import Counter

# 40 MB of payloads that do not compress well
HEAVY = """
INSERT INTO jobs (id, kind, queue, state, enqueued_at, started_at, finished_at, payload)
SELECT gen_random_uuid(), 'drill', 'drill', 'completed', old.at, old.at, old.at,
  jsonb_build_object('x', (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 6000) i))
FROM generate_series(1, 200) g, (SELECT now() - interval '40 day' AS at) AS old
"""
LONGEST_STALL_SECONDS = 0.5


async def longest_stall(of: "asyncio.Future[None]") -> float:
    """How long the event loop went without a turn while something ran, in seconds."""
    loop, longest = asyncio.get_running_loop(), 0.0
    while not of.done():
        before = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - before - 0.01)
    return longest


async def test_archiving_many_heavy_jobs_does_not_hold_up_the_event_loop(desk: Counter) -> None:
    await desk.sql(HEAVY)
    turn = clean_up.main.function.build(desk.runtime)

    stall = await longest_stall(asyncio.ensure_future(turn(asyncio.Event())))

    assert (await desk.rows("SELECT count(*) AS n FROM jobs"))[0]["n"] == 0
    assert stall < LONGEST_STALL_SECONDS


async def test_the_sweep_removes_nothing_and_waits_for_no_clean_up(desk: Counter) -> None:
    await desk.sql(HEAVY.replace("200", "1"))
    job = await desk.accepted()
    await desk.sql("UPDATE jobs SET state = 'scheduled', due_at = now() WHERE id = $1", job["id"])

    await sweep.main.function.build(desk.runtime)(asyncio.Event())

    assert (await desk.row(job["id"]))["state"] == "ready"
    assert (await desk.rows("SELECT count(*) AS n FROM jobs"))[0]["n"] == 2


async def test_control_the_clean_up_does(desk: Counter) -> None:
    await desk.sql(HEAVY.replace("200", "1"))
    stop = asyncio.Event()
    task = asyncio.create_task(clean_up.main.function.serve(desk.runtime, stop))

    async def empty() -> bool:
        return not (await desk.rows("SELECT 1 FROM jobs"))

    await until(empty)
    stop.set()
    await task


async def test_one_clean_up_forgets_all_that_is_old_however_much_it_is(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 10)
    job = await desk.accepted()
    await desk.sql(
        "INSERT INTO job_events (job_id, attempt, type, at) SELECT $1, 1, 'progress', now() - interval '40 day'"
        " FROM generate_series(1, 95)",
        job["id"],
    )

    await clean_up.main.function.build(desk.runtime)(asyncio.Event())

    assert [row["type"] for row in await desk.rows("SELECT type FROM job_events")] == ["queued"]


async def test_nobody_waits_for_another_who_archives(desk: Counter) -> None:
    await desk.sql(HEAVY.replace("200", "1"))
    async with desk.runtime.database.transaction() as other:
        await other.execute("SELECT pg_advisory_xact_lock(hashtextextended('jobs leave', 0))")
        async with asyncio.timeout(5):
            await clean_up.main.function.build(desk.runtime)(asyncio.Event())
        between = await desk.rows("SELECT 1 FROM jobs")
    await clean_up.main.function.build(desk.runtime)(asyncio.Event())

    assert len(between) == 1
    assert await desk.rows("SELECT 1 FROM jobs") == []
