"""Who gets which job, and in which order."""

import asyncio
from uuid import uuid4

import pytest

from infra.postgres.database import Database
from services.jobs.job import NewJob
from services.jobs.rank import AGEING_SECONDS
from services.jobs.store import control, held, queue
from tests.contract.jobs.rig import Desk, Notes


async def test_jobs_of_a_level_are_taken_in_the_order_they_were_queued(desk: Desk) -> None:
    first = await desk.queue(5)
    second = await desk.queue(5)

    taken = [job.id for job in await desk.claim(7)]

    assert taken == (first + second)[:7]


async def test_an_important_job_overtakes_but_does_not_starve_those_that_waited(desk: Desk) -> None:
    [waited] = await desk.queue(priority=4)
    [normal], [critical] = await desk.queue(priority=2), await desk.queue(priority=0)
    longest = 4 * AGEING_SECONDS
    await desk.change(waited, f"rank_at = rank_at - interval '{longest + 1} s'")

    assert [job.id for job in await desk.claim(3)] == [waited, critical, normal]


async def test_a_level_is_worth_its_waiting_time(desk: Desk) -> None:
    [low] = await desk.queue(priority=3)
    [high] = await desk.queue(priority=2)
    await desk.change(low, f"rank_at = rank_at - interval '{AGEING_SECONDS - 1} s'")
    before = [job.id for job in await desk.claim()]
    await desk.change(high, "state = 'ready'")
    await desk.change(low, "rank_at = rank_at - interval '2 s'")

    assert before == [high]
    assert [job.id for job in await desk.claim()] == [low]


async def test_only_ready_jobs_of_the_queue_are_taken(desk: Desk) -> None:
    [mine] = await desk.queue()
    await desk.queue(queue="other")
    await desk.queue(state="waiting")
    await desk.queue(state="scheduled")

    assert [job.id for job in await desk.claim(10)] == [mine]


async def test_a_claim_says_who_holds_the_job_and_until_when(desk: Desk) -> None:
    await desk.queue(payload={"url": "http://a"}, step="here")

    [job] = await desk.claim(lease=30, worker="me")

    row = await desk.row(job.id)
    left = await desk.database.pool.fetchval("SELECT lease_until - clock_timestamp() FROM jobs")
    assert (row["state"], row["worker"], row["claims"], row["lease_token"]) == ("running", "me", 1, 1)
    assert 25 < left.total_seconds() <= 30
    assert row["started_at"] is not None
    assert (job.payload, job.step, job.attempt, job.tries) == ({"url": "http://a"}, "here", 1, 0)


async def test_a_job_that_is_there_is_not_queued_twice(desk: Desk) -> None:
    new = NewJob(id=uuid4(), kind="k", queue="q")

    answers = []
    for _ in range(2):
        async with desk.database.transaction() as tx:
            answers.append(await queue.enqueue(tx, new))
            rung = tx.queues

    assert answers == [True, False]
    assert rung == set()


async def test_two_workers_share_a_queue_and_no_job_is_worked_twice(desk: Desk, database_dsn: str) -> None:
    queued = await desk.queue(200)
    other = Desk(await Database.connect(database_dsn))
    notes = Notes()

    await asyncio.gather(desk.drain(notes, name="one"), other.drain(notes, name="two"))
    await other.database.close()

    assert sorted(notes.had) == sorted(queued)
    assert await desk.states() == {"completed": 200}


async def test_a_locked_job_is_passed_over_and_does_not_hold_up_the_others(desk: Desk) -> None:
    first, second = await desk.queue(2)

    async with desk.database.transaction() as tx:
        await control.lock(tx, first)
        async with asyncio.timeout(2):
            taken = await desk.claim(2)

    assert [job.id for job in taken] == [second]


async def test_two_claims_at_once_take_no_job_twice_and_never_more_than_they_asked_for(desk: Desk) -> None:
    await desk.queue(50)

    taken = await asyncio.gather(*(desk.claim(10) for _ in range(4)))

    ids = [job.id for jobs in taken for job in jobs]
    assert len(ids) == len(set(ids))
    assert all(len(jobs) <= 10 for jobs in taken)


@pytest.mark.parametrize("paused", [True, False])
async def test_a_paused_queue_is_not_claimed(desk: Desk, *, paused: bool) -> None:
    await desk.queue()
    when = "now()" if paused else "NULL"
    await desk.database.pool.execute(f"INSERT INTO queues VALUES ('q', {when}), ('other', now())")

    assert len(await desk.claim()) == (0 if paused else 1)


@pytest.mark.parametrize("paused", [True, False])
async def test_a_certain_job_is_claimed_when_it_is_ready_and_its_queue_runs(desk: Desk, *, paused: bool) -> None:
    [job_id] = await desk.queue()
    when = "now()" if paused else "NULL"
    await desk.database.pool.execute(f"INSERT INTO queues VALUES ('q', {when})")

    async with desk.database.transaction() as tx:
        first = await held.claim_one(tx, job_id, lease_seconds=45, worker="w")
        second = await held.claim_one(tx, job_id, lease_seconds=45, worker="v")

    assert (first is None) is paused
    assert second is None


async def test_a_resumed_queue_is_worked_without_a_doorbell(desk: Desk) -> None:
    [job_id] = await desk.queue()
    await desk.database.pool.execute("INSERT INTO queues VALUES ('q', now())")
    worker = desk.worker()

    assert await worker.drain(asyncio.Event()) == 0
    await desk.database.pool.execute("UPDATE queues SET paused_at = NULL")
    assert await worker.drain(asyncio.Event()) == 1
    assert await desk.state(job_id) == "completed"
