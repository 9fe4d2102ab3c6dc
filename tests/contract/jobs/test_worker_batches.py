"""Jobs that are worked together: their leases, their ends, their failures."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from infra.postgres.database import Transaction
from schemas.problem import Problem
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import Desk, Final, Notes, Passing, for_ever, record, until


async def test_batches_together_never_hold_more_than_they_may(desk: Desk) -> None:
    queued = await desk.queue(50)
    notes = Notes(pause=0.02)

    await desk.drain(work=Work(run_many=notes.many), concurrency=8)

    assert sorted(notes.had) == sorted(queued)
    assert notes.most == 8


async def test_a_batch_goes_on_for_the_jobs_it_still_holds(desk: Desk) -> None:
    lost, kept = await desk.queue(2)
    going_on = asyncio.Event()

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        await going_on.wait()
        return {job.id: Done(also=record) for job in jobs}

    worker = desk.worker(work=Work(run_many=many), lease_seconds=0.3)
    async with desk.draining(worker):
        await desk.reaches(kept, "running")
        await desk.change(lost, "state = 'waiting', lease_token = lease_token + 1")
        await until(lambda: _holds(worker, 1))
        going_on.set()
        await desk.reaches(kept, "completed")

    assert (await desk.state(lost), await desk.outbox()) == ("waiting", 1)


async def _holds(worker: object, count: int) -> bool:
    return len(worker._leases) == count  # type: ignore[attr-defined]


async def test_a_batch_that_lost_every_job_is_stopped(desk: Desk) -> None:
    queued = await desk.queue(2)
    stopped = asyncio.Event()

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return {}

    async with desk.draining(desk.worker(work=Work(run_many=many), lease_seconds=0.3)):
        await desk.reaches(queued[1], "running")
        for one in queued:
            await desk.change(one, "state = 'waiting', lease_token = lease_token + 1")
        await asyncio.wait_for(stopped.wait(), 5)


async def test_each_job_of_a_batch_has_its_own_end(desk: Desk) -> None:
    done, refused, passing, forgotten, broken = await desk.queue(5)

    async def also(tx: Transaction) -> None:
        raise KeyError("only mine")

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome | Problem]:
        return {done: Done(), refused: Final(), passing: Passing(), broken: Done(also=also)}

    await desk.drain(work=Work(run_many=many))

    ends = [await desk.state(one) for one in (done, refused, passing, forgotten, broken)]
    assert ends == ["completed", "failed", "scheduled", "scheduled", "scheduled"]
    assert (await desk.row(forgotten))["error_code"] == "INTERNAL"


async def test_what_a_batch_raises_is_every_jobs_failure(desk: Desk) -> None:
    await desk.queue(3)

    async def many(jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        raise Passing

    await desk.drain(work=Work(run_many=many))

    assert await desk.states() == {"scheduled": 3}


async def test_with_places_left_the_next_batch_is_taken_while_the_first_is_worked(desk: Desk) -> None:
    await desk.queue(20)
    begun: list[UUID] = []

    async def run(job: Job) -> Outcome:
        begun.append(job.id)
        return await for_ever(job)

    async def all_begun() -> bool:
        return len(begun) == 20

    worker = desk.worker(work=Work(run=run), batch_size=10, concurrency=20, look_seconds=3600)
    async with desk.draining(worker):
        await until(all_begun)
