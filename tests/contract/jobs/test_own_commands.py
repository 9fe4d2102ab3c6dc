"""Kinds that do themselves what is commanded, contexts that follow, and workers that learn of it."""

from uuid import UUID

import pytest

from services.jobs.commanding.commands import TABLE, InvalidTransition, legal
from services.jobs.job import Commands, Done, Job, Outcome, Work
from tests.contract.jobs.commanding import Commander, kinds_of
from tests.contract.jobs.rig import Desk, Final, for_ever, until

ENDED = ("completed", "failed", "cancelled")


@pytest.fixture
def command(desk: Desk) -> Commander:
    return Commander(desk, kinds_of())


async def test_a_kind_does_itself_what_it_says_it_does(desk: Desk) -> None:
    did: list[tuple[str, UUID]] = []

    async def cancel(job_id: UUID, tenant: str) -> None:
        did.append(("cancel", job_id))

    async def pause(job_id: UUID, tenant: str) -> None:
        did.append(("pause", job_id))

    async def retry(job_id: UUID, tenant: str) -> None:
        did.append(("retry", job_id))

    own = Commands(cancel=cancel, pause=pause, retry=retry)
    command = Commander(desk, kinds_of(Work(run=for_ever, commands=own)))
    [job_id] = await desk.queue()
    for wanted in ("cancel", "pause", "retry"):
        await command(wanted, job_id)
    with pytest.raises(InvalidTransition) as refused:
        await command("restart", job_id)

    assert did == [("cancel", job_id), ("pause", job_id), ("retry", job_id)]
    assert "restart" not in refused.value.extra["legal"]
    assert await desk.state(job_id) == "ready"


async def test_a_kind_that_retries_itself_is_restarted_by_that_when_it_is_over(desk: Desk) -> None:
    did: list[UUID] = []

    async def retry(job_id: UUID, tenant: str) -> None:
        did.append(job_id)

    command = Commander(desk, kinds_of(Work(run=for_ever, commands=Commands(retry=retry))))
    [job_id] = await desk.queue()
    await command("cancel", job_id)

    await command("restart", job_id)

    assert did == [job_id]


async def test_the_context_of_a_kind_follows_in_the_same_transaction(desk: Desk) -> None:
    async def paused(tx: object, job: Job) -> None:
        raise Final

    command = Commander(desk, kinds_of(Work(run=for_ever, commands=Commands(paused=paused))))
    [job_id] = await desk.queue()

    with pytest.raises(Final):
        await command("pause", job_id)

    assert await desk.state(job_id) == "ready"


async def test_a_restarted_job_is_dropped_by_the_worker_that_worked_it(desk: Desk, command: Commander) -> None:
    [job_id] = await desk.queue()
    had: list[int] = []

    async def run(job: Job) -> Outcome:
        had.append(job.attempt)
        return await for_ever(job) if job.attempt == 1 else Done()

    async with desk.draining(desk.worker(run, lease_seconds=0.3, look_seconds=0.05)):
        await until(lambda: _truly(had))
        await command("restart", job_id)
        await desk.reaches(job_id, "completed")

    assert had == [1, 2]


async def _truly(value: object) -> bool:
    return bool(value)


@pytest.mark.parametrize("where", TABLE)
def test_control_a_kind_with_its_own_retry_is_restarted_only_when_it_is_over(where: str) -> None:
    assert ("restart" in legal(where, own_retry=True)) is (where in ENDED)
