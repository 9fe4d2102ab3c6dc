"""What a failure means for a job: another try, or the end, said by the failure's class."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Transaction
from schemas.problem import Problem, ProblemClass
from services.jobs.engine.handling import MAX_CLAIMS
from services.jobs.engine.settle import LeaseLost, hold
from services.jobs.job import Done, Job, Outcome, Work
from services.jobs.progress import Reporter
from tests.contract.jobs.rig import Desk, Final, Passing, failing


class Spent(Problem):
    code = "SPENT"
    kind = ProblemClass.QUOTA


class Twice(Problem):
    code = "TWICE"
    kind = ProblemClass.DATA
    tries = 2


class Refused(Problem):
    kind = ProblemClass.AUTH


class Unclear(Problem):
    kind = ProblemClass.AMBIGUOUS


class Wrong(Problem):
    kind = ProblemClass.PERMANENT


async def tries_until_the_end(desk: Desk, error: Exception, **changes: Any) -> tuple[int, Any]:
    """How often a job is tried that always fails so, and its row at the end."""
    [job_id] = await desk.queue(**changes)
    tried = 0
    while await desk.state(job_id) != "failed":
        tried += await desk.drain(failing(error))
        assert tried < 30
        await desk.wake()
    return tried, await desk.row(job_id)


@pytest.mark.parametrize("error", [Passing("no answer"), Spent("no credit")])
async def test_what_may_pass_is_tried_as_often_as_the_job_says(desk: Desk, error: Problem) -> None:
    tried, row = await tries_until_the_end(desk, error, max_tries=5)

    assert tried == 5
    assert (row["error_class"], row["error_code"], row["error_message"]) == (error.kind, error.code, error.detail)
    assert row["error_recovery"] == f"{error.recovery} Its tries are used up."
    assert (await desk.told(row["id"])) == ["retrying"] * 4 + ["failed"]


@pytest.mark.parametrize("error", [Final(), Refused(), Unclear(), Wrong()])
async def test_what_will_not_pass_ends_the_job_at_once(desk: Desk, error: Problem) -> None:
    tried, row = await tries_until_the_end(desk, error, max_tries=5)

    assert (tried, row["tries"], row["finished_at"] is None) == (1, 0, False)


async def test_a_problem_may_say_how_many_tries_it_deserves(desk: Desk) -> None:
    tried, _ = await tries_until_the_end(desk, Twice(), max_tries=8)

    assert tried == 2


async def test_an_error_nobody_foresaw_gets_three_tries(desk: Desk) -> None:
    tried, row = await tries_until_the_end(desk, KeyError("x"), max_tries=8)

    assert (tried, row["error_code"], row["error_message"]) == (3, "INTERNAL", "KeyError: 'x'")


async def test_failures_of_other_kinds_share_the_tries(desk: Desk) -> None:
    [job_id] = await desk.queue(max_tries=3)
    for error in (Passing(), KeyError("x"), Passing()):
        await desk.drain(failing(error))
        await desk.wake()

    assert await desk.state(job_id) == "failed"


async def test_another_try_comes_later_and_not_before_it_was_asked_for(desk: Desk) -> None:
    [job_id] = await desk.queue()

    await desk.drain(failing(Passing(retry_after=120)))

    row = await desk.row(job_id)
    wait = await desk.database.pool.fetchval("SELECT extract(epoch FROM due_at - now()) FROM jobs")
    assert (row["state"], row["tries"], row["attempt"]) == ("scheduled", 1, 1)
    assert 110 < wait <= 132


@pytest.mark.parametrize("tells", [False, True], ids=["in silence", "after telling its progress"])
async def test_a_job_that_ended_twenty_workers_is_given_to_no_other_and_its_context_hears_of_it(
    desk: Desk, *, tells: bool
) -> None:
    [poison] = await desk.queue()
    heard: list[str] = []
    ran: list[UUID] = []

    async def run(job: Job) -> Outcome:
        ran.append(job.id)
        return Done()

    async def hook(tx: Transaction, job: Job, problem: Problem) -> None:
        heard.append(problem.code)

    for _ in range(MAX_CLAIMS):
        [job] = await desk.claim()  # and its worker dies
        if tells:
            await Reporter(desk.database).report(job, 10, step="reading")
        await desk.change(poison, "lease_until = now() - interval '1 s'")
        await desk.wake()
    await desk.drain(work=Work(run=run, failed=hook))

    row = await desk.row(poison)
    assert (heard, ran, row["state"], row["error_code"]) == (["POISON_MESSAGE"], [], "failed", "POISON_MESSAGE")
    assert "20 workers" in row["error_message"]


async def test_work_that_is_kept_lets_a_job_off_the_claims_it_cost(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "claims = 19")
    for _ in range(2):
        async with desk.database.transaction() as tx:
            await hold(tx, job, progress=10, step="part", cursor={"parts": 1})
        kept = (await desk.row(job.id))["claims"]
        await desk.change(job.id, "claims = 19")

    assert (kept, (await desk.row(job.id))["cursor"]) == (19, {"parts": 1})  # the same cursor is no headway


async def test_the_twentieth_claim_still_works(desk: Desk) -> None:
    [job_id] = await desk.queue()
    await desk.change(job_id, f"claims = {MAX_CLAIMS - 1}")

    await desk.drain()

    assert await desk.state(job_id) == "completed"


async def test_poison_in_a_batch_ends_alone(desk: Desk) -> None:
    good, poison, fine = await desk.queue(3)
    await desk.change(poison, f"claims = {MAX_CLAIMS}")
    had: list[UUID] = []

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        had.extend(job.id for job in jobs)
        return {job.id: Done() for job in jobs}

    await desk.drain(work=Work(run_many=many))

    assert had == [good, fine]
    assert [await desk.state(one) for one in (good, poison, fine)] == ["completed", "failed", "completed"]


async def test_a_try_is_no_claim_against_the_job(desk: Desk) -> None:
    tried, row = await tries_until_the_end(desk, Passing(), max_tries=25)

    assert (tried, row["error_code"]) == (25, "PASSING")


async def test_a_kind_nobody_works_fails_with_a_way_out(desk: Desk) -> None:
    [job_id] = await desk.queue(kind="unheard of")

    await desk.drain()

    row = await desk.row(job_id)
    assert (row["state"], row["error_code"]) == ("failed", "UNKNOWN_KIND")
    assert "Deploy" in row["error_recovery"]


@pytest.mark.parametrize("error", [DatabaseAway(), LeaseLost()])
async def test_what_is_nobodys_fault_costs_neither_a_try_nor_a_claim(desk: Desk, error: Exception) -> None:
    [job_id] = await desk.queue(max_tries=1)
    for _ in range(5):
        await desk.drain(failing(error))
        await desk.wake()

    row = await desk.row(job_id)
    assert (row["state"], row["tries"], row["claims"]) == ("ready", 0, 0)


async def test_a_job_that_rests_while_the_database_is_away_says_so(desk: Desk) -> None:
    [job_id] = await desk.queue()

    await desk.drain(failing(DatabaseAway("The database does not answer: gone")))
    resting = await desk.row(job_id)
    await desk.wake()
    await desk.drain()

    row = await desk.row(job_id)
    assert (resting["state"], resting["error_message"]) == ("scheduled", "The database does not answer: gone")
    assert (row["state"], row["error_message"]) == ("completed", None)


async def test_a_statement_that_is_wrong_costs_tries_like_every_mistake(desk: Desk) -> None:
    [job_id] = await desk.queue(max_tries=8)

    async def run(job: Job) -> Outcome:
        async with desk.database.transaction() as tx:
            await tx.fetchval("SELECT $1::int", 1, 2)
        return Done()

    for _ in range(3):
        await desk.drain(run)
        await desk.wake()

    row = await desk.row(job_id)
    assert (row["state"], row["error_code"]) == ("failed", "INTERNAL")
    assert "2 were passed" in row["error_message"]


@pytest.mark.parametrize("said", ["a\0b", "\ud800", "x" * 10_000])
async def test_a_failure_may_say_anything(desk: Desk, said: str) -> None:
    [retried], [ended] = await desk.queue(), await desk.queue(queue="other")

    await desk.drain(failing(Passing(said)))
    await desk.drain(failing(Final(said)), queue="other")

    assert [await desk.state(retried), await desk.state(ended)] == ["scheduled", "failed"]
    assert 1 <= len((await desk.row(ended))["error_message"]) <= 500


async def test_what_an_error_says_is_kept_without_the_secrets_in_it(desk: Desk) -> None:
    [job_id] = await desk.queue(max_tries=1)

    await desk.drain(failing(ValueError("cannot GET https://bob:geheim@example.org/x?token=SECRET123")))

    kept = str((await desk.row(job_id))["error_message"]) + str(
        await desk.database.pool.fetch("SELECT data FROM job_events WHERE job_id = $1", job_id)
    )
    assert "cannot GET" in kept
    assert "geheim" not in kept
    assert "SECRET123" not in kept
