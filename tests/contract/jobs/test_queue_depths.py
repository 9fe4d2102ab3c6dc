"""Counting what is not over, however much is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.postgres.database import Database
from services.jobs.store import depths
from services.jobs.watching.monitor_summary import monitor_summary
from services.jobs.watching.queue_status import queue_status
from services.jobs.watching.roll_up import roll_up
from tests.contract.jobs.rig import Desk, Final, Passing, failing, record

FINISHED = 50_000


async def status(database: Database, **changes: Any) -> dict[str, Any]:
    given = {"tenant": "default", "known": ["q", "idle"], "max_queue_size": 100, "now": datetime.now(UTC), **changes}
    return await queue_status(database=database, **given)


async def of(database: Database, name: str) -> dict[str, Any]:
    return next(one for one in (await status(database))["queues"] if one["queue"] == name)


async def test_every_status_has_its_count(desk: Desk) -> None:
    await desk.queue(2)
    await desk.drain()
    await desk.queue()
    await desk.drain(failing(Final("no")))
    await desk.queue()
    await desk.drain(failing(Passing("later")))
    await desk.queue(4)
    [held, classifying] = await desk.claim(2)
    await desk.change(classifying.id, "step = 'classifying'")
    await roll_up(desk.database)

    jobs = (await of(desk.database, "q"))["jobs"]

    assert {name: count for name, count in jobs.items() if count} == {
        "queued": 2,
        "processing": 1,
        "classifying": 1,
        "retrying": 1,
        "completed": 2,
        "failed": 1,
    }
    assert (await desk.row(held.id))["state"] == "running"


async def test_known_queues_are_shown_when_nothing_is_in_them(desk: Desk) -> None:
    shown = await of(desk.database, "idle")

    assert sum(shown["jobs"].values()) == 0
    assert (shown["oldest_job_age"], shown["paused"], shown["max_size"]) == (0.0, False, 100)


async def test_pauses_and_limits_are_shown(desk: Desk) -> None:
    await desk.database.pool.execute("INSERT INTO queues (name, paused_at, concurrency) VALUES ('q', now(), 3)")
    assert [(await of(desk.database, "q"))[name] for name in ("paused", "concurrency")] == [True, 3]
    assert (await status(desk.database))["paused"] is False

    await desk.database.pool.execute("INSERT INTO queues (name, paused_at) VALUES ('*', now())")
    assert (await of(desk.database, "idle"))["paused"] is True
    assert (await status(desk.database))["paused"] is True


async def test_the_oldest_job_is_told_for_each_priority(desk: Desk) -> None:
    for priority, seconds in ((0, 5), (2, 50)):
        [job_id] = await desk.queue(priority=priority)
        past = f"now() - {seconds} * interval '1 s'"
        await desk.change(job_id, f"enqueued_at = {past}, ready_at = {past}")

    shown = await of(desk.database, "q")

    assert list(shown["oldest_by_priority"]) == ["CRITICAL", "NORMAL"]
    assert shown["oldest_job_age"] == shown["oldest_by_priority"]["NORMAL"] == pytest.approx(50, abs=5)


async def test_another_tenants_jobs_are_not_counted(desk: Desk) -> None:
    await desk.queue(3, tenant="other")

    assert (await status(desk.database))["totals"]["queued"] == 0


async def test_the_summary_has_it_all(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await record(tx)

    body = await monitor_summary(tenant="default", now=datetime.now(UTC), database=desk.database)

    assert list(body) == ["health", "statistics", "workers", "outbox"]
    assert body["outbox"]["waiting_events"] == 1
    assert body["workers"] == []
    assert body["statistics"]["workers"] == {"count": 0, "slots": 0, "busy": 0, "utilisation": None, "queues": []}


async def plan(database: Database, sql: str, *args: object) -> str:
    rows = await database.pool.fetch(f"EXPLAIN {sql}", *args)
    return "\n".join(row[0] for row in rows)


async def fill(database: Database) -> None:
    await database.pool.execute(
        "INSERT INTO jobs (id, kind, queue, state, finished_at)"
        " SELECT gen_random_uuid(), 'k', 'q', 'completed', now() FROM generate_series(1, $1)",
        FINISHED,
    )
    await database.pool.execute(
        "INSERT INTO jobs (id, kind, queue, state) SELECT gen_random_uuid(), 'k', 'q', s"
        " FROM generate_series(1, 40), unnest($1::text[]) AS s",
        [*depths.OPEN, "failed"],
    )
    await database.pool.execute("ANALYZE jobs")


async def test_no_count_reads_the_jobs_that_are_over(desk: Desk) -> None:
    await fill(desk.database)

    for sql, args in (
        (depths._DEPTHS, ("default",)),
        (depths._STUCK, (60.0, 10)),
        (depths._DEAD, ("default", 60.0, 10)),
    ):
        said = await plan(desk.database, sql, *args)
        assert "Seq Scan" not in said, said
        assert "jobs_" in said


async def test_control_a_count_of_all_jobs_would_read_them(desk: Desk) -> None:
    await fill(desk.database)

    assert "Seq Scan" in await plan(desk.database, "SELECT state, count(*) FROM jobs GROUP BY 1")


async def test_lines_are_counted_from_their_place_on(desk: Desk) -> None:
    await desk.database.pool.execute(
        "INSERT INTO job_events (job_id, attempt, type) SELECT gen_random_uuid(), 1, 'progress'"
        " FROM generate_series(1, $1)",
        FINISHED,
    )
    await roll_up(desk.database)
    await desk.database.pool.execute("ANALYZE job_events")
    place = await desk.database.pool.fetchrow("SELECT xid, id FROM job_stats_cursor")

    said = await plan(
        desk.database,
        "SELECT * FROM job_events WHERE (xid, id) > ($1::xid8, $2::bigint)"
        " AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, id LIMIT 5000",
        *place,
    )

    assert "job_events_cursor" in said
    assert "Seq Scan" not in said
