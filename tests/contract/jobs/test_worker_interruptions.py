"""A worker that is interrupted, at any moment, leaves every job done or free."""

import asyncio
from random import Random

import pytest

from infra.postgres.database import Transaction
from services.jobs.engine.settle import settle
from services.jobs.job import Done, Job, Outcome
from tests.contract.jobs.rig import Desk, record, until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.mark.parametrize("seed", range(12))
async def test_an_interruption_at_any_moment_leaves_a_job_done_or_free(desk: Desk, seed: int) -> None:
    queued = await desk.queue(20)
    draw = Random(seed)

    async def also(tx: Transaction) -> None:
        await record(tx)
        await tx.execute("UPDATE jobs SET metadata = '{\"also\": true}' WHERE id = ANY($1::uuid[])", [])

    async def run(job: Job) -> Outcome:
        return Done(also=also)

    draining = asyncio.create_task(desk.worker(run).drain(asyncio.Event()))
    await asyncio.sleep(draw.uniform(0, 0.03))
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)

    states = await desk.states()
    # a claim whose commit was interrupted may be nobody's: its lease frees it
    assert set(states) <= {"ready", "completed", "running"}
    assert await desk.outbox() == states.get("completed", 0)
    await desk.database.pool.execute("UPDATE jobs SET lease_until = now() WHERE state = 'running'")
    await desk.wake()
    await desk.drain(run)
    assert await desk.states() == {"completed": len(queued)}
    assert await desk.outbox() == len(queued)


async def test_work_that_is_done_is_written_and_not_given_back_when_its_worker_stops(desk: Desk) -> None:
    first, second = await desk.queue(2)
    stop, locked, blocked, over, ran = *(asyncio.Event() for _ in range(4)), []

    async def run(job: Job) -> Outcome:
        await (locked if job.id == first else blocked).wait()
        ran.append(job.id)
        if job.id == second:
            over.set()
        return Done()

    async with desk.database.pool.acquire() as other, other.transaction():
        draining = asyncio.create_task(desk.worker(run).drain(stop))
        await desk.reaches(second, "running")
        await other.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", first)
        locked.set()
        await until(lambda: other.fetchval(WAITING))
        blocked.set()  # the end of the second waits for that of the first
        await over.wait()
        stop.set()
        await asyncio.wait([draining], timeout=0.3)  # more than enough to give it back
    await draining

    assert await desk.states() == {"completed": 2}
    assert ran == [first, second]


async def test_a_settlement_that_is_interrupted_is_whole_or_nothing(desk: Desk) -> None:
    for moment in range(40):
        job = await desk.held()
        settling = asyncio.create_task(settle(desk.database, job, Done(also=record)))
        for _ in range(moment):
            await asyncio.sleep(0)
        settling.cancel()
        await asyncio.gather(settling, return_exceptions=True)
        ended = await desk.state(job.id) == "completed"
        assert await desk.outbox() == (1 if ended else 0)
        await desk.database.pool.execute("TRUNCATE outbox, jobs")
