"""What time does to jobs, and how leases outlive it."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.jobs.engine.leases import Leases
from services.jobs.engine.settle import settle
from services.jobs.job import Done, Job, Outcome, Snooze
from services.jobs.rank import rank_seconds
from services.jobs.store import sweep as rows
from services.jobs.sweep import sweep
from tests.contract.jobs.rig import Desk, for_ever, until


async def a_day_passes(desk: Desk, job_id: UUID) -> None:
    await desk.change(job_id, "enqueued_at = enqueued_at - interval '1 day', rank_at = rank_at - interval '1 day'")


async def test_what_is_due_becomes_ready_and_the_rest_waits(desk: Desk) -> None:
    due, later = await desk.queue(2, state="scheduled")
    await desk.change(due, "due_at = now() - interval '1 s'")
    await desk.change(later, "due_at = now() + interval '1 hour'")

    assert await sweep(desk.database) == 1
    assert [await desk.state(due), await desk.state(later)] == ["ready", "scheduled"]


async def test_a_job_submitted_for_later_queues_when_its_time_comes(desk: Desk) -> None:
    [background] = await desk.queue(priority=4, due_at=datetime.now(UTC) + timedelta(hours=9))
    await a_day_passes(desk, background)
    [critical] = await desk.queue(priority=0)
    await desk.change(background, "due_at = now()")

    await sweep(desk.database)

    row = await desk.row(background)
    assert row["enqueued_at"] == row["ready_at"]
    assert row["rank_at"] - row["enqueued_at"] == timedelta(seconds=rank_seconds(4))
    assert [job.id for job in await desk.claim(2)] == [critical, background]


async def test_it_queues_by_its_own_time_however_late_the_sweep_is(desk: Desk) -> None:
    [later] = await desk.queue(due_at=datetime.now(UTC) + timedelta(hours=9))
    await a_day_passes(desk, later)
    [came_after] = await desk.queue()
    await desk.change(later, "due_at = now() - interval '1 minute'")

    await sweep(desk.database)

    assert [job.id for job in await desk.claim(2)] == [later, came_after]


async def test_a_time_that_was_over_at_submission_leads_nowhere(desk: Desk) -> None:
    [first] = await desk.queue()
    [backdated] = await desk.queue(due_at=datetime(2000, 1, 1, tzinfo=UTC))

    await sweep(desk.database)

    assert [job.id for job in await desk.claim(2)] == [first, backdated]


async def test_control_a_job_that_was_worked_keeps_its_place(desk: Desk) -> None:
    [snoozed] = await desk.queue(priority=4)
    await a_day_passes(desk, snoozed)
    await settle(desk.database, (await desk.claim())[0], Snooze(seconds=3600))
    [critical] = await desk.queue(priority=0)

    await desk.wake()

    assert [job.id for job in await desk.claim(2)] == [snoozed, critical]


async def test_a_job_whose_worker_went_silent_is_free_again_and_the_claim_stays_against_it(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "lease_until = now() - interval '1 s'")

    assert await sweep(desk.database) == 1

    row = await desk.row(job.id)
    assert (row["state"], row["claims"], row["worker"], row["lease_token"]) == ("ready", 1, None, job.lease_token + 1)
    assert await desk.told(job.id) == ["lease_expired"]


async def test_a_job_whose_worker_lives_is_left_alone(desk: Desk) -> None:
    job = await desk.held()

    assert await sweep(desk.database) == 0
    assert await desk.state(job.id) == "running"


async def test_two_sweeps_at_once_free_a_job_once(desk: Desk) -> None:
    for _ in range(20):
        job = await desk.held()
        await desk.change(job.id, "lease_until = now() - interval '1 s'")
    await desk.queue(20, state="scheduled")
    await desk.database.pool.execute("UPDATE jobs SET due_at = now() WHERE state = 'scheduled'")

    moved = await asyncio.gather(*(sweep(desk.database) for _ in range(4)))

    assert sum(moved) == 40
    assert await desk.database.pool.fetchval("SELECT count(*) FROM job_events WHERE type = 'lease_expired'") == 20


async def test_a_sweep_rings_the_bells_of_every_queue_with_ready_jobs(desk: Desk) -> None:
    await desk.queue(3, queue="a")
    await desk.queue(3, queue="b")
    await desk.queue(queue="asleep", state="waiting")
    rung: set[str] = set()
    desk.database.listeners.append(lambda commit: rung.update(commit.queues))

    await sweep(desk.database)

    assert rung == {"a", "b"}


async def test_no_queue_rings_when_nothing_is_ready(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        assert await rows.busy_queues(tx) == set()


async def test_a_heartbeat_keeps_a_long_job_from_being_reaped(desk: Desk) -> None:
    [job_id] = await desk.queue()
    worker = desk.worker(for_ever, lease_seconds=0.3)

    async with desk.draining(worker):
        await desk.reaches(job_id, "running")
        for _ in range(10):
            await asyncio.sleep(0.1)  # three leases long
            await sweep(desk.database)
        held = await desk.row(job_id)

    assert (held["state"], held["claims"], held["lease_token"]) == ("running", 1, 1)


async def test_without_its_heartbeat_it_would_be_reaped(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    [job_id] = await desk.queue()
    worker = desk.worker(for_ever, lease_seconds=0.3)
    monkeypatch.setattr(Leases, "beat", lambda self: asyncio.Event().wait())

    async with desk.draining(worker):
        await until(lambda: sweep(desk.database))

    assert "lease_expired" in await desk.told(job_id)


async def test_a_worker_drops_what_it_lost(desk: Desk) -> None:
    [job_id] = await desk.queue()
    ended = asyncio.Event()

    async def run(job: Job) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return Done()

    async with desk.draining(desk.worker(run, lease_seconds=0.3)):
        await desk.reaches(job_id, "running")
        await desk.change(job_id, "state = 'cancelled', lease_token = lease_token + 1")
        async with asyncio.timeout(2):
            await ended.wait()

    assert await desk.state(job_id) == "cancelled"


async def test_heartbeats_end_with_the_work(desk: Desk) -> None:
    await desk.queue(5)
    before = asyncio.all_tasks()

    await desk.drain()

    assert asyncio.all_tasks() == before
