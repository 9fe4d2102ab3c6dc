"""Wishes about jobs that are worked: heeded by the worker, enforced by the sweep, never forgotten."""

import asyncio

import pytest

from services.jobs.commanding.cancel_job import end_cancelled
from services.jobs.engine.settle import LeaseLost, put_aside, settle
from services.jobs.job import Done
from services.jobs.store import held
from tests.contract.jobs.commanding import Commander, kinds_of
from tests.contract.jobs.rig import Desk, for_ever


@pytest.fixture
def command(desk: Desk) -> Commander:
    return Commander(desk, kinds_of())


@pytest.mark.parametrize(("wanted", "state"), [("cancel", "cancelled"), ("pause", "paused")])
async def test_a_worker_that_works_a_job_is_interrupted_by_its_heartbeat(
    desk: Desk, command: Commander, wanted: str, state: str
) -> None:
    [job_id] = await desk.queue()

    async with desk.draining(desk.worker(for_ever, lease_seconds=0.3)):
        await desk.reaches(job_id, "running")
        await command(wanted, job_id)
        await desk.reaches(job_id, state)

    row = await desk.row(job_id)
    assert (row["want"], row["wanted_at"], row["worker"], row["lease_until"]) == (None, None, None, None)
    assert await desk.told(job_id) == [f"{wanted}_requested", state]


@pytest.mark.parametrize(("wanted", "state"), [("cancel", "cancelled"), ("pause", "paused")])
async def test_a_worker_that_does_not_heed_a_wish_loses_the_job_to_the_sweep(
    desk: Desk, command: Commander, wanted: str, state: str
) -> None:
    deaf = await desk.held()
    await command(wanted, deaf.id)
    early = await command.enforce()
    await desk.change(deaf.id, "wanted_at = wanted_at - interval '4 s'")

    assert (early, await command.enforce()) == (0, 1)
    assert await desk.state(deaf.id) == state
    with pytest.raises(LeaseLost):
        await settle(desk.database, deaf, Done())
    assert await desk.state(deaf.id) == state


async def test_asking_twice_does_not_put_off_what_enforces_it(desk: Desk, command: Commander) -> None:
    deaf = await desk.held()
    await command("cancel", deaf.id)
    await desk.change(deaf.id, "wanted_at = wanted_at - interval '4 s'")

    await command("cancel", deaf.id)

    assert await command.enforce() == 1


@pytest.mark.parametrize("left", ["snoozed", "given_back", "reaped"])
@pytest.mark.parametrize(("wanted", "state"), [("cancel", "cancelled"), ("pause", "paused")])
async def test_a_wish_outlives_the_claim_it_was_meant_for(
    desk: Desk, command: Commander, left: str, wanted: str, state: str
) -> None:
    job = await desk.held()
    await command(wanted, job.id)
    async with desk.database.transaction() as tx:
        if left == "snoozed":
            assert await held.snooze(tx, job, seconds=3600, step=None)
        elif left == "given_back":
            assert await held.give_back(tx, job)
    if left == "reaped":
        await desk.change(job.id, "lease_until = now() - interval '1 s'")
        await desk.wake()

    assert await command.enforce() == 1
    assert await desk.state(job.id) == state


async def test_an_announced_job_is_told_as_cancelled_when_the_sweep_ends_it(desk: Desk, command: Commander) -> None:
    deaf = await desk.held()
    await command("cancel", deaf.id)

    await command.enforce(seconds=0.0)

    assert await command.ends(deaf.id) == [(1, "cancelled")]


async def test_control_what_ended_in_time_is_left_alone_by_the_sweep(desk: Desk, command: Commander) -> None:
    job = await desk.held()
    await command("cancel", job.id)
    await settle(desk.database, job, Done())

    assert await command.enforce(seconds=0.0) == 0
    assert await desk.state(job.id) == "completed"


async def test_a_pause_that_was_taken_back_gives_the_job_back_instead(desk: Desk, command: Commander) -> None:
    job = await desk.held()
    await command("pause", job.id)
    await command("resume", job.id)

    await put_aside(desk.database, job)

    assert await desk.state(job.id) == "ready"


async def test_a_cancellation_that_came_after_the_pause_wins(desk: Desk, command: Commander) -> None:
    job = await desk.held()
    await command("pause", job.id)
    await command("cancel", job.id)

    await put_aside(desk.database, job)
    await command.enforce()

    assert await desk.state(job.id) == "cancelled"


async def test_a_look_that_finds_no_wish_writes_nothing(desk: Desk) -> None:
    job = await desk.held()
    asked: list[str] = []
    async with desk.database.transaction() as tx:
        with tx.connection.query_logger(lambda record: asked.append(record.query)):
            for jobs in ([], [job]):
                await end_cancelled(tx, jobs, kinds=kinds_of())
                await asyncio.sleep(0)  # loggers are told in the next round of the loop
                assert sum("UPDATE jobs" in one for one in asked) == len(
                    jobs
                )  # the control: where there is one it does
