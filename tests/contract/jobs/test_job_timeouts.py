"""How long one claim of a job may take, and what becomes of it then."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from services.jobs.engine.handling import Handling, JobTimedOut
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import Desk, for_ever, until

LONG, SHORT = 60.0, 0.05


@pytest.mark.parametrize(
    ("job", "kind", "settings"),
    [(SHORT, LONG, LONG), (None, SHORT, LONG), (None, None, SHORT), (SHORT, None, LONG), (SHORT, SHORT / 50, LONG)],
    ids=["the job's", "its kind's", "the settings'", "the job's, kind silent", "the job's, though longer"],
)
async def test_of_job_kind_and_settings_the_nearest_decides(
    desk: Desk, job: float | None, kind: float | None, settings: float
) -> None:
    [job_id] = await desk.queue(timeout_seconds=job)
    work = Work(run=for_ever, timeout_seconds=kind)

    async with asyncio.timeout(5):
        await desk.drain(work=work, timeout_seconds=settings)

    row = await desk.row(job_id)
    assert (row["state"], row["tries"], row["error_code"]) == ("scheduled", 1, "JOB_TIMEOUT")
    assert row["error_message"] == f"It took longer than {SHORT:g} s"


async def test_whoever_is_in_time_is_not_disturbed(desk: Desk) -> None:
    [job_id] = await desk.queue(timeout_seconds=5)

    async def run(job: Job) -> Outcome:
        await asyncio.sleep(SHORT)
        return Done()

    await desk.drain(work=Work(run=run, timeout_seconds=SHORT / 10), timeout_seconds=SHORT / 10)

    assert await desk.state(job_id) == "completed"


async def test_the_interrupted_handler_can_clean_up(desk: Desk) -> None:
    await desk.queue(timeout_seconds=SHORT)
    cleaned = False

    async def run(job: Job) -> Outcome:
        nonlocal cleaned
        try:
            return await for_ever(job)
        finally:
            cleaned = True

    await desk.drain(run)

    assert cleaned


async def test_a_timeout_of_the_handlers_own_is_its_own_error(desk: Desk) -> None:
    [job_id] = await desk.queue()

    async def run(job: Job) -> Outcome:
        async with asyncio.timeout(0.01):
            return await for_ever(job)

    await desk.drain(run, timeout_seconds=LONG)

    row = await desk.row(job_id)
    assert (row["error_code"], "TimeoutError" in row["error_message"]) == ("INTERNAL", True)


async def test_too_late_too_often_ends_as_a_dead_letter_with_the_reason(desk: Desk) -> None:
    [job_id] = await desk.queue(timeout_seconds=0.01, max_tries=3)
    for _ in range(3):
        await desk.drain(for_ever)
        await desk.wake()

    row = await desk.row(job_id)
    assert (row["state"], row["tries"], row["error_code"]) == ("failed", 2, JobTimedOut.code)
    assert row["error_recovery"] == f"{JobTimedOut.recovery} Its tries are used up."
    assert await desk.told(job_id) == ["retrying", "retrying", "failed"]


async def test_each_claim_has_its_time_anew(desk: Desk) -> None:
    [job_id] = await desk.queue(timeout_seconds=0.5)
    claims = 0

    async def run(job: Job) -> Outcome:
        nonlocal claims
        claims += 1
        if claims == 1:
            return await for_ever(job)
        await asyncio.sleep(0.1)
        return Done()

    await desk.drain(run)
    await desk.wake()
    await desk.drain(run)

    assert (await desk.state(job_id), claims) == ("completed", 2)


@pytest.mark.parametrize(("jobs", "expected"), [((SHORT, SHORT), "scheduled"), ((SHORT, LONG), "running")])
async def test_jobs_that_are_worked_together_have_the_time_of_the_most_patient(
    desk: Desk, jobs: tuple[float, float], expected: str
) -> None:
    ids = [(await desk.queue(timeout_seconds=seconds))[0] for seconds in jobs]

    async def many(together: Sequence[Job]) -> dict[UUID, Outcome]:
        await asyncio.Event().wait()
        return {}

    async with desk.draining(desk.worker(work=Work(run_many=many), timeout_seconds=LONG)):
        await desk.reaches(ids[1], "running")
        await asyncio.sleep(SHORT * 6)
        found = [await desk.state(one) for one in ids]

    assert found == [expected] * 2


async def test_without_the_limit_a_job_would_never_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unlimited(handling: Handling, jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        run = handling.work[jobs[0].kind].run
        assert run is not None
        return {jobs[0].id: await run(jobs[0])}

    monkeypatch.setattr(Handling, "_outcomes", unlimited)
    [job_id] = await desk.queue(timeout_seconds=SHORT)

    async with desk.draining(desk.worker(for_ever)):
        await desk.reaches(job_id, "running")
        with pytest.raises(TimeoutError):
            await until(lambda: _ended(desk, job_id), patience=SHORT * 6)


async def _ended(desk: Desk, job_id: UUID) -> bool:
    return await desk.state(job_id) != "running"
