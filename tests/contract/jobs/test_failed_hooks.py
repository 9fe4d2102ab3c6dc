"""What a job's context hears when it fails, and what becomes of the job when the context has a bug there."""

from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from infra.postgres.database import Transaction
from schemas.problem import Problem
from services.jobs.engine.handling import MAX_CLAIMS
from services.jobs.job import Job, Work
from tests.contract.jobs.rig import Desk, Final, failing, record


def always_raises(*_: object) -> Any:
    raise KeyError("the hook has a bug")


async def test_the_failed_hook_commits_with_the_end_and_knows_where_it_happened(desk: Desk) -> None:
    [job_id] = await desk.queue(step="here")
    heard: list[tuple[UUID, str]] = []

    async def hook(tx: Transaction, job: Job, problem: Problem) -> None:
        heard.append((job.id, problem.code))
        await record(tx)

    await desk.drain(work=Work(run=failing(Final()), failed=hook, stage=lambda job, problem: f"{job.step}/stage"))

    row = await desk.row(job_id)
    assert heard == [(job_id, "FINAL")]
    assert (row["state"], row["error_stage"], await desk.outbox()) == ("failed", "here/stage", 1)


async def test_a_job_that_cannot_say_it_failed_is_tried_again_when_its_lease_is_over(desk: Desk) -> None:
    [job_id] = await desk.queue()
    hooks = 0

    async def hook(tx: Transaction, job: Job, problem: Problem) -> None:
        nonlocal hooks
        hooks += 1
        if hooks == 1:
            raise KeyError("the hook has a bug")

    work = Work(run=failing(Final()), failed=hook)
    await desk.drain(work=work)
    held = await desk.state(job_id)
    await desk.change(job_id, "lease_until = now() - interval '1 s'")
    await desk.wake()
    await desk.drain(work=work)

    assert (held, await desk.state(job_id), hooks) == ("running", "failed", 2)


@pytest.mark.parametrize(
    "work",
    [
        Work(run=failing(Final()), announce=True, failed=always_raises),
        Work(run=failing(Final()), announce=True, stage=always_raises),
    ],
    ids=["failed", "stage"],
)
async def test_a_job_whose_hook_always_raises_fails_without_it_after_the_last_claim(desk: Desk, work: Work) -> None:
    [job_id] = await desk.queue()
    states = []

    with capture_logs() as logs:
        for claims in (MAX_CLAIMS - 1, MAX_CLAIMS):
            await desk.change(job_id, f"claims = {claims}, state = 'ready', lease_until = NULL")
            await desk.drain(work=work)
            states.append(await desk.state(job_id))

    row = await desk.row(job_id)
    assert (states, row["error_code"]) == (["running", "failed"], "POISON_MESSAGE")
    assert (await desk.told(job_id)).count("failed") == 1
    assert await desk.outbox() == 1  # whoever waits for the end hears of it all the same
    [loud] = [line for line in logs if "without its context's hook" in line["event"]]
    assert (loud["log_level"], loud["job_id"], bool(loud["exc_info"])) == ("error", str(job_id), True)
