"""Wishes about running jobs: their workers heed them within seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import pytest

from services.jobs.engine import leases
from services.jobs.engine.settle import hold
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import Desk, Final, Passing, for_ever, record, until

Run = Callable[[Job], Awaitable[Outcome]]
QUICK = 0.6  # seconds of lease: a heartbeat each fifth of a second


async def wish(desk: Desk, job_id: UUID, what: str) -> None:
    await desk.change(job_id, f"want = '{what}', wanted_at = now()")


async def wished(desk: Desk, run: Run, what: str, *, until_state: str) -> UUID:
    """A job that runs so until somebody wishes something."""
    [job_id] = await desk.queue()
    async with desk.draining(desk.worker(work=Work(run=run, announce=True), lease_seconds=QUICK)):
        await desk.reaches(job_id, "running")
        await wish(desk, job_id, what)
        await desk.reaches(job_id, until_state)
    return job_id


@pytest.mark.parametrize(("what", "state"), [("cancel", "cancelled"), ("pause", "paused")])
async def test_a_wish_is_heeded_within_five_seconds(desk: Desk, what: str, state: str) -> None:
    [job_id] = await desk.queue()
    async with desk.draining(desk.worker(for_ever)):  # with the lease of every day
        await desk.reaches(job_id, "running")
        began = time.monotonic()
        await wish(desk, job_id, what)
        await desk.reaches(job_id, state)

    assert time.monotonic() - began < 5


async def test_without_a_heartbeat_nobody_would_heed_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 60)
    [job_id] = await desk.queue()
    async with desk.draining(desk.worker(for_ever, lease_seconds=300)):
        await desk.reaches(job_id, "running")
        await wish(desk, job_id, "cancel")
        with pytest.raises(TimeoutError):
            await until(lambda: _is(desk, job_id, "cancelled"), patience=1)


async def _is(desk: Desk, job_id: UUID, state: str) -> bool:
    return await desk.state(job_id) == state


async def test_a_cancelled_job_is_over_and_says_so(desk: Desk) -> None:
    job_id = await wished(desk, for_ever, "cancel", until_state="cancelled")

    row = await desk.row(job_id)
    assert [row[name] for name in ("want", "wanted_at", "worker", "lease_until")] == [None] * 4
    assert row["finished_at"] is not None
    assert await desk.told(job_id) == ["cancelled"]
    [event] = await desk.database.pool.fetch("SELECT type, data FROM events")
    assert (event["type"], event["data"]["status"]) == ("job.finished", "cancelled")


async def test_a_paused_job_keeps_what_it_has_and_is_not_over(desk: Desk) -> None:
    async def run(job: Job) -> Outcome:
        async with desk.database.transaction() as tx:
            await hold(tx, job, progress=40, step="half", cursor={"parts": 2})
        return await for_ever(job)

    job_id = await wished(desk, run, "pause", until_state="paused")

    row = await desk.row(job_id)
    assert (row["progress"], row["step"], row["cursor"], row["paused_from"]) == (40, "half", {"parts": 2}, "ready")
    assert (row["want"], row["tries"], row["finished_at"]) == (None, 0, None)
    assert await desk.outbox() == 0


async def test_a_wish_without_a_time_is_the_handlers_own_affair(desk: Desk) -> None:
    [job_id] = await desk.queue()
    async with desk.draining(desk.worker(for_ever, lease_seconds=QUICK)):
        await desk.reaches(job_id, "running")
        await desk.change(job_id, "want = 'cancel'")
        first = (await desk.row(job_id))["lease_until"]
        await until(lambda: _beaten(desk, job_id, first))
        await until(lambda: _beaten(desk, job_id, first))
        assert await desk.state(job_id) == "running"


async def _beaten(desk: Desk, job_id: UUID, first: object) -> bool:
    return bool((await desk.row(job_id))["lease_until"] != first)


async def test_a_handler_that_ends_in_spite_of_it_has_ended(desk: Desk) -> None:
    async def run(job: Job) -> Outcome:
        try:
            return await for_ever(job)
        except asyncio.CancelledError:
            return Done(result={"n": 1})

    job_id = await wished(desk, run, "cancel", until_state="completed")

    row = await desk.row(job_id)
    assert (row["want"], row["wanted_at"], row["result"]) == (None, None, {"n": 1})
    [event] = await desk.database.pool.fetch("SELECT data FROM events")
    assert event["data"]["status"] == "completed"


async def test_a_handler_that_fails_for_good_because_of_it_has_failed(desk: Desk) -> None:
    async def run(job: Job) -> Outcome:
        try:
            return await for_ever(job)
        except asyncio.CancelledError:
            raise Final from None

    job_id = await wished(desk, run, "cancel", until_state="failed")

    assert await desk.told(job_id) == ["failed"]
    assert (await desk.row(job_id))["want"] is None


async def test_a_handler_that_takes_its_time_is_cancelled_when_it_lets_go(desk: Desk) -> None:
    async def run(job: Job) -> Outcome:
        try:
            return await for_ever(job)
        finally:
            await asyncio.sleep(0.5)

    job_id = await wished(desk, run, "cancel", until_state="cancelled")

    assert await desk.told(job_id) == ["cancelled"]


async def test_a_wish_left_behind_by_a_failure_is_not_forgotten(desk: Desk) -> None:
    async def run(job: Job) -> Outcome:
        try:
            return await for_ever(job)
        except asyncio.CancelledError:
            raise Passing from None

    job_id = await wished(desk, run, "cancel", until_state="scheduled")

    row = await desk.row(job_id)
    assert (row["want"], row["wanted_at"] is None) == ("cancel", False)


async def test_a_wish_outlives_its_worker_and_meets_the_next_one(desk: Desk) -> None:
    job = await desk.held()
    await wish(desk, job.id, "cancel")
    await desk.change(job.id, "lease_until = now() - interval '1 s'")
    await desk.wake()

    async with desk.draining(desk.worker(for_ever, lease_seconds=QUICK)):
        await desk.reaches(job.id, "cancelled")


async def test_of_jobs_that_are_worked_together_none_is_interrupted(desk: Desk) -> None:
    wanted, other = await desk.queue(2)
    going_on = asyncio.Event()

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        await going_on.wait()
        return {job.id: Done(also=record) for job in jobs}

    async with desk.draining(desk.worker(work=Work(run_many=many), lease_seconds=QUICK)):
        await desk.reaches(other, "running")
        await wish(desk, wanted, "cancel")
        first = (await desk.row(wanted))["lease_until"]
        await until(lambda: _beaten(desk, wanted, first))
        going_on.set()
        await desk.reaches(other, "completed")

    assert (await desk.state(wanted), await desk.outbox()) == ("completed", 2)


async def test_the_last_job_of_many_is_interrupted_like_any_other(desk: Desk) -> None:
    [job_id] = await desk.queue()

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        await asyncio.Event().wait()
        return {}

    async with desk.draining(desk.worker(work=Work(run_many=many), lease_seconds=QUICK)):
        await desk.reaches(job_id, "running")
        await wish(desk, job_id, "cancel")
        await desk.reaches(job_id, "cancelled")


async def test_a_stop_and_a_wish_at_once_honour_the_wish(desk: Desk) -> None:
    [job_id] = await desk.queue()
    letting_go = asyncio.Event()

    async def run(job: Job) -> Outcome:
        try:
            return await for_ever(job)
        finally:
            letting_go.set()
            await asyncio.sleep(0.1)

    worker = desk.worker(run, lease_seconds=QUICK)
    async with desk.draining(worker) as stop:
        await desk.reaches(job_id, "running")
        await wish(desk, job_id, "cancel")
        await letting_go.wait()
        stop.set()

    assert await desk.state(job_id) == "cancelled"
