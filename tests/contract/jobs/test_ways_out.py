"""What a job that failed says can be done about it: while it is tried again, and once it is not any more."""

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.jobs.job import Job, Outcome, Waiting
from tests.contract.jobs.rig import Desk, failing


class Stubborn(Problem):
    kind = ProblemClass.RETRY
    recovery = "It is tried again by itself; if it lasts, turn it on."
    remedy = "Turn it on, then retry."


class Broken(Stubborn):
    kind = ProblemClass.PERMANENT
    recovery = "Mend it."


async def test_while_a_job_is_tried_again_it_says_when_and_what_else_helps(desk: Desk, database: Database) -> None:
    [job_id] = await desk.queue()

    await desk.drain(failing(Stubborn(retry_after=120)))

    minute = await database.pool.fetchval("SELECT to_char(due_at, 'YYYY-MM-DD\"T\"HH24:MI') FROM jobs")
    said = (await desk.row(job_id))["error_recovery"]
    assert said.startswith(f"It is tried again by itself, next at {minute}")
    assert said.endswith("Z. If that does not help: Turn it on, then retry.")


async def test_a_dead_letter_does_not_promise_another_try(desk: Desk) -> None:
    [job_id] = await desk.queue(max_tries=2)
    for _ in range(2):
        await desk.drain(failing(Stubborn()))
        await desk.wake()

    row = await desk.row(job_id)
    assert (row["state"], row["error_recovery"]) == ("failed", "Turn it on, then retry. Its tries are used up.")


async def test_what_cannot_pass_has_its_own_way_out(desk: Desk) -> None:
    [job_id] = await desk.queue()

    await desk.drain(failing(Broken()))

    assert (await desk.row(job_id))["error_recovery"] == "Mend it."


async def test_a_job_that_goes_on_keeps_no_word_of_its_last_failure(desk: Desk) -> None:
    [job_id] = await desk.queue()
    await desk.drain(failing(Stubborn()))
    await desk.wake()

    async def park(job: Job) -> Outcome:
        return Waiting(queue=job.queue, step="outside")

    await desk.drain(park)

    row = await desk.row(job_id)
    assert (row["state"], row["error_code"], row["error_recovery"]) == ("waiting", None, None)
