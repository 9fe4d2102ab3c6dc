"""estimated_time_remaining of GET /api/background/job/{id}/progress."""

from typing import Any
from uuid import UUID, uuid4

from services.jobs.reading.time_remaining import FRESH_SECONDS, Recent, recent
from tests.flow.jobs.reader import Reader

RUNNING = "state = 'running', started_at = now() - interval '10 s', progress = {}"


async def history(reading: Reader, *, seconds: float = 60.0, count: int = 30, **fields: Any) -> None:
    """Jobs of the kind that took so long; one ended each second."""
    values = {"kind": "k", "tenant": "default", "size": None, **fields}
    await reading.counter.sql(
        "INSERT INTO jobs (id, tenant, kind, queue, state, started_at, finished_at, metadata)"
        " SELECT gen_random_uuid(), $3, $4, 'q', 'completed', now() - (n + $1) * interval '1 s',"
        "   now() - n * interval '1 s', jsonb_strip_nulls(jsonb_build_object('size_bytes', $5::bigint))"
        " FROM generate_series(1, $2::integer) n",
        seconds,
        count,
        values["tenant"],
        values["kind"],
        values["size"],
    )


async def remaining(reading: Reader, job_id: UUID) -> Any:
    reading.counter.runtime.built.pop(recent, None)  # what was known a moment ago
    return (await reading.read(f"/api/background/job/{job_id}/progress"))["estimated_time_remaining"]


async def test_a_queued_job_without_history_has_no_estimate(reading: Reader) -> None:
    [job_id] = await reading.queue()

    assert await remaining(reading, job_id) is None


async def test_a_queued_job_takes_its_wait_and_what_others_took(reading: Reader) -> None:
    await history(reading)
    await reading.queue(10)
    [job_id] = await reading.queue()

    assert 60 + 9 < await remaining(reading, job_id) < 60 + 12


async def test_a_paused_queue_moves_nobody_knows_when(reading: Reader) -> None:
    await history(reading)
    [job_id] = await reading.queue()
    assert await remaining(reading, job_id) == 60.0

    await reading.counter.sql("INSERT INTO queues (name, paused_at) VALUES ('*', now())")

    assert await remaining(reading, job_id) is None


async def test_a_scheduled_job_waits_for_its_time(reading: Reader) -> None:
    await history(reading)
    [job_id] = await reading.queue(columns="state = 'scheduled', due_at = now() + interval '100 s'")

    assert 155 < await remaining(reading, job_id) <= 160


async def test_a_running_job_is_seen_against_its_like(reading: Reader) -> None:
    await history(reading)
    [job_id] = await reading.queue(columns=RUNNING.format(0))

    assert 45 < await remaining(reading, job_id) <= 50


async def test_its_own_speed_of_late_counts_too(reading: Reader) -> None:
    [job_id] = await reading.queue(columns=RUNNING.format(50))
    await reading.counter.sql(
        "INSERT INTO job_events (job_id, attempt, type, progress, at) VALUES"
        " ($1, 1, 'progress', 0, now() - interval '5 s'), ($1, 1, 'progress', 50, now())",
        job_id,
    )

    assert 4 < await remaining(reading, job_id) < 7  # 10 a second; since it was started it was 5


async def test_a_job_that_said_nothing_and_has_no_like_has_no_estimate(reading: Reader) -> None:
    await history(reading, count=19)
    [job_id] = await reading.queue(columns=RUNNING.format(4))

    assert await remaining(reading, job_id) is None


async def test_only_jobs_of_the_kind_and_the_tenant_count(reading: Reader) -> None:
    await history(reading, kind="other")
    await history(reading, tenant="other")
    [job_id] = await reading.queue(columns=RUNNING.format(0))
    assert await remaining(reading, job_id) is None

    await history(reading)

    assert await remaining(reading, job_id) is not None


async def test_what_jobs_took_is_asked_for_now_and_then_also_where_none_did(reading: Reader) -> None:
    seconds = 0.0
    remembering = Recent(clock=lambda: seconds)

    async def known() -> int:
        async with reading.counter.runtime.database.reading() as tx:
            return len(await remembering.of(tx, tenant="default", kind="k"))

    assert await known() == 0
    await history(reading)
    assert await known() == 0
    seconds = FRESH_SECONDS
    assert await known() == 30


async def test_size_decides_among_jobs_of_a_kind(reading: Reader) -> None:
    await history(reading, size=1_000)
    await history(reading, seconds=600.0, size=1_000_000)
    [small] = await reading.queue(metadata={"size_bytes": 2_000})
    [large] = await reading.queue(metadata={"size_bytes": 5_000_000}, queue=str(uuid4()))

    assert await remaining(reading, small) == 60.0
    assert await remaining(reading, large) == 600.0


async def test_what_is_over_or_put_aside_has_none_left_or_none_known(reading: Reader) -> None:
    await history(reading)
    [done] = await reading.queue(columns="state = 'completed', finished_at = now()")
    [failed] = await reading.queue(columns="state = 'failed', finished_at = now()")
    [paused] = await reading.queue(columns="state = 'paused'")

    assert [await remaining(reading, one) for one in (done, failed, paused)] == [0.0, None, None]
