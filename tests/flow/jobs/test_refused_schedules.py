"""Schedules whose jobs are not taken: for now, for good, or for a reason nobody foresaw."""

import pytest

from infra.postgres.database import Transaction
from schemas.problem import Problem, ProblemClass
from services.jobs.job import NewJob
from services.jobs.schedules import run_schedules
from services.jobs.submitting.admission import Door
from tests.flow.jobs.counter import Counter
from tests.flow.jobs.schedules import become_due, jobs, made, one, run, try_again


class Resting(Problem):
    """A refusal that passes by itself."""

    kind = ProblemClass.RETRY
    title = "It rests for a while"


async def broken(tx: Transaction, job: NewJob, *, door: Door) -> NewJob:
    msg = "nobody foresaw this: api_key=s3cret"
    raise ValueError(msg)


async def refused(tx: Transaction, job: NewJob, *, door: Door) -> NewJob:
    raise Resting


async def test_a_job_that_its_kind_refuses_for_now_is_made_later(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = await made(desk)
    await become_due(desk)
    with monkeypatch.context() as patched:
        patched.setattr(run_schedules, "accept", refused)
        assert await run(desk) == 0
    assert (await one(desk, schedule))["last_error"] == "It rests for a while"

    assert await run(desk) == 0
    await try_again(desk)
    assert [await run(desk), len(await jobs(desk))] == [1, 1]


async def test_control_one_that_is_refused_for_good_waits_for_its_next_time(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = await made(desk)
    await become_due(desk)
    with monkeypatch.context() as patched:
        patched.setattr(run_schedules, "accept", refused)
        patched.setattr(Resting, "kind", ProblemClass.PERMANENT)
        await run(desk)

    await try_again(desk)
    assert await run(desk) == 0
    assert (await one(desk, schedule))["last_error"] == "It rests for a while"


async def test_a_firing_that_ends_as_nobody_foresaw_is_put_off_and_not_lost(
    desk: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = await made(desk)
    await become_due(desk)
    with monkeypatch.context() as patched:
        patched.setattr(run_schedules, "accept", broken)
        assert await run(desk) == 0
    assert (await one(desk, schedule))["last_error"] == "ValueError: nobody foresaw this: api_key=***"

    assert await run(desk) == 0
    await try_again(desk)
    assert [await run(desk), await run(desk)] == [1, 0]


async def test_a_schedule_whose_job_is_refused_says_why_and_goes_on(desk: Counter) -> None:
    refused, fine = await made(desk, name="a"), await made(desk, name="b")
    await desk.sql("UPDATE schedules SET kind = 'gone' WHERE name = 'a'")
    await become_due(desk)

    assert await run(desk) == 1
    assert "gone" in (await one(desk, refused))["last_error"]
    assert (await one(desk, refused))["next_at"] == (await one(desk, fine))["next_at"]
