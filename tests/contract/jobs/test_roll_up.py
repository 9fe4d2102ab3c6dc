"""From the timeline into hours and totals: each end once, whoever counts and whatever happens meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.postgres.database import Database
from services.jobs.job import Cancelled, Job, Outcome
from services.jobs.store import held
from services.jobs.store import statistics as rows
from services.jobs.watching.durations import bucket
from services.jobs.watching.roll_up import roll_up
from services.jobs.watching.statistics import statistics
from tests.contract.jobs.rig import Desk, Final, done, failing


async def counted(database: Database) -> dict[str, int]:
    found = await database.pool.fetch("SELECT outcome, sum(count)::int AS n FROM job_stats GROUP BY 1")
    return {row["outcome"]: row["n"] for row in found}


async def total(database: Database, word: str) -> int:
    return int(await database.pool.fetchval("SELECT coalesce(sum(count), 0) FROM job_totals WHERE type = $1", word))


async def week(database: Database, **asked: Any) -> dict[str, Any]:
    given = {"tenant": "default", "kind": None, "queue": None, "now": datetime.now(UTC), **asked}
    return await statistics(database=database, **given)


async def work(desk: Desk, run: Any = done, count: int = 1, **changes: Any) -> None:
    await desk.queue(count, **changes)
    await desk.drain(run)


async def test_ends_are_counted_by_their_outcome(desk: Desk) -> None:
    async def cancel(_: Job) -> Outcome:
        return Cancelled()

    await work(desk, count=3)
    await work(desk, failing(Final("no")), count=2)
    await work(desk, cancel)

    await roll_up(desk.database)

    assert await counted(desk.database) == {"completed": 3, "failed": 2, "cancelled": 1}
    assert [await total(desk.database, word) for word in ("queued", "started", "completed")] == [6, 6, 3]


async def test_a_second_look_counts_nothing_again(desk: Desk) -> None:
    await work(desk, count=5)
    await roll_up(desk.database)

    assert await roll_up(desk.database) == 0
    assert await counted(desk.database) == {"completed": 5}


async def test_what_is_more_than_a_batch_is_counted_in_several(desk: Desk) -> None:
    await work(desk, count=25)

    assert await roll_up(desk.database, batch=10) == 75
    assert await counted(desk.database) == {"completed": 25}


async def test_many_sweeps_at_once_count_every_end_once(desk: Desk) -> None:
    await work(desk, count=200)

    for _ in range(5):
        await asyncio.gather(*(roll_up(desk.database, batch=50) for _ in range(6)))

    assert await counted(desk.database) == {"completed": 200}


async def test_while_somebody_counts_the_others_pass_by(desk: Desk) -> None:
    await work(desk, count=2)
    async with desk.database.transaction() as tx:
        await tx.fetchrow(rows._PLACE)
        assert await roll_up(desk.database) == 0

    assert await roll_up(desk.database) == 6


async def test_a_line_that_commits_late_is_not_overlooked(desk: Desk) -> None:
    """It has an older place than lines that are there already: whoever reads past it must wait for it."""
    late = await desk.held()
    connection = await desk.database.pool.acquire()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "INSERT INTO job_events (job_id, attempt, type, kind) VALUES ($1, 1, 'failed', 'k')", late.id
    )
    await work(desk, count=3)

    await roll_up(desk.database)
    assert await counted(desk.database) == {}
    await transaction.commit()
    await desk.database.pool.release(connection)
    await roll_up(desk.database)

    assert await counted(desk.database) == {"completed": 3, "failed": 1}


async def test_what_is_rolled_back_is_not_counted(desk: Desk) -> None:
    await work(desk)

    async def count_and_fail() -> None:
        async with desk.database.transaction() as tx:
            assert await rows.count(tx, limit=10, growth=1.15, least_seconds=0.001) == 3
            raise Final

    with pytest.raises(Final):
        await count_and_fail()
    await roll_up(desk.database)

    assert await counted(desk.database) == {"completed": 1}


async def test_the_seconds_are_those_from_the_first_start_to_the_end(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "started_at = now() - interval '40 s'")
    async with desk.database.transaction() as tx:
        assert await held.complete(tx, job, {})
    await roll_up(desk.database)

    row = await desk.database.pool.fetchrow("SELECT bucket, count, seconds FROM job_stats")
    assert row["bucket"] == bucket(40.0)
    assert row["seconds"] == pytest.approx(40.0, abs=1.0)
    body = await week(desk.database)
    assert body["processing_times"]["k"]["p50"] == pytest.approx(40.0, rel=0.08)


async def test_the_sql_has_the_buckets_of_the_code(database: Database) -> None:
    durations = [0.0, 0.0005, 0.001, 0.37, 1.0, 1.2, 59.9, 3600.0, 1e6]
    insert = "INSERT INTO job_events (job_id, attempt, type, seconds) VALUES (gen_random_uuid(), 1, 'completed', $1)"
    await database.pool.executemany(insert, [(one,) for one in durations])
    await roll_up(database)

    found = await database.pool.fetch("SELECT bucket FROM job_stats")
    assert {row["bucket"] for row in found} == {bucket(one) for one in durations}


async def test_a_job_that_ended_before_it_began_by_the_clock_took_no_time(database: Database) -> None:
    insert = "INSERT INTO job_events (job_id, attempt, type, seconds) VALUES (gen_random_uuid(), 1, 'completed', $1)"
    await database.pool.executemany(insert, [(-3600.0,), (2.0,)])
    await roll_up(database)

    for table in ("job_stats", "job_totals"):
        assert await database.pool.fetchval(f"SELECT sum(seconds) FROM {table}") == 2.0


async def test_a_job_cancelled_before_it_began_has_no_duration(desk: Desk) -> None:
    [job_id] = await desk.queue()
    insert = "INSERT INTO job_events (job_id, attempt, type, kind, queue) VALUES ($1, 1, 'cancelled', 'k', 'q')"
    await desk.database.pool.execute(insert, job_id)
    await roll_up(desk.database)
    body = await week(desk.database)

    assert body["weekly_summary"]["cancelled_jobs"] == 1
    assert body["weekly_summary"]["average_processing_time"] is None
    assert body["processing_times"] == {}


async def test_the_week_is_summed_up_in_the_seeds_words(desk: Desk) -> None:
    await work(desk, count=3)
    await work(desk, failing(Final("no")))
    await roll_up(desk.database)

    body = await week(desk.database)

    summary = body["weekly_summary"]
    assert [summary[name] for name in ("total_jobs", "successful_jobs", "failed_jobs", "success_rate")] == [
        4,
        3,
        1,
        75.0,
    ]
    assert summary["average_processing_time"] >= 0
    assert len(body["daily_throughput"]) == 7
    today = body["daily_throughput"][-1]
    assert (today["date"], today["jobs"]) == (datetime.now(UTC).date().isoformat(), 4)
    assert 0 < today["jobs_per_hour"] <= 4


async def test_a_week_without_jobs_has_no_rate(database: Database) -> None:
    summary = (await week(database))["weekly_summary"]

    assert (summary["total_jobs"], summary["success_rate"], summary["average_processing_time"]) == (0, None, None)


async def test_what_is_older_than_the_week_is_left_out(desk: Desk) -> None:
    await work(desk)
    await roll_up(desk.database)

    later = await week(desk.database, now=datetime.now(UTC) + timedelta(days=8))

    assert later["weekly_summary"]["total_jobs"] == 0


async def test_statistics_can_be_asked_for_one_kind_one_queue_and_one_tenant_only(desk: Desk) -> None:
    await work(desk, count=2)
    await desk.queue(tenant="other")
    await desk.drain()
    await roll_up(desk.database)

    async def jobs(**asked: Any) -> int:
        return int((await week(desk.database, **asked))["weekly_summary"]["total_jobs"])

    assert [await jobs(kind="k"), await jobs(kind="x"), await jobs(queue="q"), await jobs(queue="x")] == [2, 0, 2, 0]
    assert await jobs(tenant="other") == 1
