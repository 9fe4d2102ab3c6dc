"""Ends that commit together: few transactions, and nobody pays for a neighbour."""

import asyncio
from typing import Any

import pytest

from services.jobs.engine import handling
from services.jobs.engine.finisher import Finisher
from services.jobs.engine.settle import LeaseLost
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import Desk
from tests.contract.jobs.wire import Wire

TRANSACTIONS = "SELECT count(DISTINCT xid) FROM job_events WHERE type = 'completed'"


async def told(desk: Desk) -> list[Any]:
    """What was told of ends."""
    found = await desk.database.pool.fetch("SELECT subject FROM events WHERE type = 'job.finished'")
    return sorted(row["subject"] for row in found)


async def test_a_hundred_jobs_end_in_few_transactions_each_with_its_result_and_event(desk: Desk) -> None:
    queued = await desk.queue(100)
    together = asyncio.Barrier(100)

    async def run(job: Job) -> Outcome:
        await together.wait()
        return Done(result={"me": str(job.id)})

    await desk.drain(work=Work(run=run, announce=True), concurrency=100)

    rows = await desk.database.pool.fetch("SELECT id, state, result FROM jobs")
    assert {(row["state"], row["result"]["me"] == str(row["id"])) for row in rows} == {("completed", True)}
    assert await told(desk) == sorted(str(one) for one in queued)
    assert await desk.database.pool.fetchval(TRANSACTIONS) <= 5


async def test_ends_that_carry_writes_of_their_own_commit_one_by_one(desk: Desk) -> None:
    await desk.queue(20)

    async def nothing(tx: object) -> None:
        """As good as any write."""

    async def run(job: Job) -> Outcome:
        return Done(also=nothing)

    await desk.drain(run, concurrency=20)

    assert await desk.database.pool.fetchval(TRANSACTIONS) == 20


@pytest.mark.parametrize("unkept", ["a\0b", "\ud800", {"a\0b": 1}], ids=["NUL", "surrogate", "NUL in a name"])
async def test_a_result_that_cannot_be_kept_fails_alone(desk: Desk, unkept: Any) -> None:
    queued = await desk.queue(10)
    together = asyncio.Barrier(10)

    async def run(job: Job) -> Outcome:
        await together.wait()
        return Done(result={"said": unkept if job.id == queued[3] else "something"})

    await desk.drain(work=Work(run=run, announce=True), concurrency=10)

    assert await desk.states() == {"completed": 9, "scheduled": 1}
    row = await desk.row(queued[3])
    assert (row["state"], row["tries"], row["error_code"]) == ("scheduled", 1, "INTERNAL")
    assert await told(desk) == sorted(str(one) for one in queued if one != queued[3])


async def test_a_result_that_can_never_be_kept_ends_as_a_dead_letter(desk: Desk) -> None:
    [job_id] = await desk.queue()

    async def run(job: Job) -> Outcome:
        return Done(result={"said": "a\0b"})

    for _ in range(3):
        await desk.drain(run)
        await desk.wake()

    row = await desk.row(job_id)
    assert (row["state"], row["error_code"]) == ("failed", "INTERNAL")


async def test_of_many_ends_only_the_zombies_are_refused(desk: Desk) -> None:
    finisher = Finisher(desk.database)
    zombie, *holders = [await desk.zombie(), *[await desk.held(queue="q") for _ in range(4)]]

    ends = await asyncio.gather(
        *(finisher.complete(job, {"n": 1}, announce=True) for job in (*holders[:2], zombie, *holders[2:])),
        return_exceptions=True,
    )

    assert [type(end).__name__ for end in ends] == ["NoneType", "NoneType", "LeaseLost", "NoneType", "NoneType"]
    assert await told(desk) == sorted(str(job.id) for job in holders)
    assert await desk.state(zombie.id) == "running"


async def test_one_job_ended_twice_in_one_breath_ends_once(desk: Desk) -> None:
    finisher, job = Finisher(desk.database), await desk.held()

    ends = await asyncio.gather(
        *(finisher.complete(job, {"n": n}, announce=True) for n in range(4)), return_exceptions=True
    )

    assert await told(desk) == [str(job.id)]
    assert await desk.told(job.id) == ["completed"]
    assert not any(isinstance(end, Exception) and not isinstance(end, LeaseLost) for end in ends)


async def test_ends_outlive_a_cut_way_to_the_database(
    desk: Desk, remote: tuple[Desk, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    away, line = remote
    monkeypatch.setattr(handling, "PAUSES", (0.1, 0.2, 0.4, 0.8))
    queued = await desk.queue(10)
    together = asyncio.Barrier(10)

    async def run(job: Job) -> Outcome:
        if await together.wait() == 0:
            line.cut()
            asyncio.get_running_loop().call_later(0.3, line.mend)
        return Done()

    await away.drain(work=Work(run=run, announce=True), concurrency=10)

    assert await desk.states() == {"completed": 10}
    assert await told(desk) == sorted(str(one) for one in queued)
    assert {row["claims"] for row in await desk.database.pool.fetch("SELECT claims FROM jobs")} == {1}


async def test_an_end_whose_answer_was_lost_is_committed_once(desk: Desk, remote: tuple[Desk, Wire]) -> None:
    away, line = remote
    [job_id] = await desk.queue()

    async def run(job: Job) -> Outcome:
        line.lose_the_answer_to(str(job.id).encode())
        return Done(result={"n": 1})

    await away.drain(work=Work(run=run, announce=True))

    assert (line.losses, await desk.state(job_id)) == (1, "completed")
    assert await told(desk) == [str(job_id)]


@pytest.mark.parametrize("seed", range(8))
async def test_workers_stopped_while_ends_wait_leave_each_job_done_or_free(desk: Desk, seed: int) -> None:
    queued = await desk.queue(60)
    before = asyncio.all_tasks()

    async def run(job: Job) -> Outcome:
        return Done(result={"n": 1})

    work = Work(run=run, announce=True)
    draining = asyncio.create_task(desk.worker(work=work, concurrency=20).drain(asyncio.Event()))
    await asyncio.sleep(0.004 * seed)
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)

    states = await desk.states()
    assert set(states) <= {"ready", "completed", "running"}  # a claim whose commit was interrupted is nobody's
    assert len(await told(desk)) == states.get("completed", 0)
    await desk.database.pool.execute("UPDATE jobs SET lease_until = now() WHERE state = 'running'")
    await desk.wake()
    await desk.drain(work=work)
    assert await told(desk) == sorted(str(one) for one in queued)
    assert asyncio.all_tasks() == before
