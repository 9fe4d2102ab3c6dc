"""What a handler says became of a job, and what commits with it."""

import asyncio
from typing import Any

import pytest

from infra.postgres.database import Transaction
from services.jobs.engine.settle import fail, hold, settle
from services.jobs.job import Cancelled, Done, Job, Outcome, Resume, Snooze, Waiting
from services.jobs.store import control
from tests.contract.jobs.rig import EVENT, Desk, Final, record


async def broken(tx: Transaction) -> None:
    await record(tx)
    await tx.execute("UPDATE jobs SET metadata = '{\"touched\": true}'")
    raise RuntimeError("the disk is full")


async def test_a_finished_job_keeps_its_result_and_forgets_its_errors(desk: Desk) -> None:
    job = await desk.held(step="work")
    await desk.change(job.id, "error_code = 'X', error_message = 'y', cursor = '{}'")

    await settle(desk.database, job, Done(result={"rows": 3}))

    row = await desk.row(job.id)
    assert (row["state"], row["result"], row["progress"]) == ("completed", {"rows": 3}, 100)
    assert [row[name] for name in ("error_code", "error_message", "cursor", "step", "worker", "lease_until")] == [
        None
    ] * 6
    assert row["finished_at"] is not None
    assert await desk.told(job.id) == ["completed"]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Done(also=record), "completed"),
        (Waiting(queue="p", step="s", also=record), "waiting"),
        (Cancelled(also=record), "cancelled"),
    ],
)
async def test_a_job_and_what_belongs_to_it_commit_together(desk: Desk, outcome: Outcome, state: str) -> None:
    job = await desk.held()

    await settle(desk.database, job, outcome)

    assert (await desk.state(job.id), await desk.outbox()) == (state, 1)
    assert str(await desk.database.pool.fetchval("SELECT id FROM outbox")) == EVENT.id


@pytest.mark.parametrize(
    "outcome", [Done(also=broken), Waiting(queue="p", step="s", also=broken), Cancelled(also=broken)]
)
async def test_a_job_whose_companions_cannot_be_written_stays_as_it_was(desk: Desk, outcome: Outcome) -> None:
    job = await desk.held()
    before = await desk.row(job.id)

    with pytest.raises(RuntimeError, match="disk is full"):
        await settle(desk.database, job, outcome)

    assert await desk.row(job.id) == before
    assert (await desk.told(job.id), await desk.outbox()) == ([], 0)


async def test_a_job_that_cannot_say_it_failed_does_not_fail(desk: Desk) -> None:
    job = await desk.held()
    before = await desk.row(job.id)

    async def hook(tx: Transaction, failed: Job, problem: Any) -> None:
        await broken(tx)

    with pytest.raises(RuntimeError):
        await fail(desk.database, job, Final(), work=desk.work(failed=hook))

    assert await desk.row(job.id) == before
    assert await desk.outbox() == 0


async def test_what_a_handlers_companions_raise_counts_as_its_failure(desk: Desk) -> None:
    [job_id] = await desk.queue()

    async def run(job: Job) -> Outcome:
        return Done(also=broken)

    await desk.drain(run)

    row = await desk.row(job_id)
    assert (row["state"], row["tries"], row["error_code"], row["metadata"]) == ("scheduled", 1, "INTERNAL", {})
    assert "the disk is full" in row["error_message"]


async def test_a_waiting_job_is_left_alone_until_it_is_moved(desk: Desk) -> None:
    job = await desk.held()
    await settle(desk.database, job, Waiting(queue="poll", step="waiting"))
    nothing = await desk.drain(queue="poll")

    async with desk.database.transaction() as tx:
        moved = await control.move(tx, [job.id], queue="q", step="next", told="ready")
        again = await control.move(tx, [job.id], queue="q", step="next", told="ready")

    assert (nothing, moved, again, tx.queues) == (0, [job.id], [], {"q"})
    assert await desk.drain() == 1


async def test_a_snooze_costs_neither_a_try_nor_a_claim(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "tries = 2, claims = 19")

    await settle(desk.database, job, Snooze(seconds=3600, step="resting"))

    row = await desk.row(job.id)
    assert (row["state"], row["tries"], row["claims"], row["step"]) == ("scheduled", 2, 0, "resting")
    assert await desk.database.pool.fetchval("SELECT due_at - now() > interval '59 min' FROM jobs")
    assert row["error_code"] is None


async def test_a_snooze_can_go_on_for_ever(desk: Desk) -> None:
    [job_id] = await desk.queue(max_tries=1)
    snoozes = 0

    async def run(job: Job) -> Outcome:
        nonlocal snoozes
        snoozes += 1
        return Snooze(seconds=0) if snoozes <= 30 else Done()

    while await desk.state(job_id) != "completed":
        await desk.drain(run)
        await desk.wake()

    assert snoozes == 31


async def test_resuming_goes_on_where_the_cursor_stands(desk: Desk) -> None:
    [job_id] = await desk.queue()
    seen: list[Any] = []

    async def run(job: Job) -> Outcome:
        seen.append(job.cursor)
        parts = (job.cursor or {"parts": 0})["parts"] + 1
        async with desk.database.transaction() as tx:
            await hold(tx, job, progress=parts * 10, step="storing", cursor={"parts": parts})
        return Resume() if parts < 4 else Done()

    async with asyncio.timeout(5):
        taken = await desk.drain(run)

    row = await desk.row(job_id)
    assert seen == [None, {"parts": 1}, {"parts": 2}, {"parts": 3}]
    assert (taken, row["state"], row["tries"], row["attempt"]) == (4, "completed", 0, 1)


async def test_progress_never_falls_within_an_attempt(desk: Desk) -> None:
    job = await desk.held()

    for progress in (10, 60, 30):
        async with desk.database.transaction() as tx:
            await hold(tx, job, progress=progress, step="s", cursor={})

    assert (await desk.row(job.id))["progress"] == 60


async def test_headway_wipes_out_the_claims_it_took(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "claims = 20")

    async with desk.database.transaction() as tx:
        await hold(tx, job, progress=1, step="s", cursor={})

    assert (await desk.row(job.id))["claims"] == 1
