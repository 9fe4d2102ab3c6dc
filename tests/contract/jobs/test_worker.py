"""A worker: how much it takes, when it looks, and how it stops."""

import asyncio
from uuid import UUID

import pytest

from services.jobs.job import Done, Job, Outcome
from services.jobs.store import held
from tests.contract.jobs.rig import Desk, Notes, for_ever, until


async def test_a_worker_never_works_more_than_it_may(desk: Desk) -> None:
    await desk.queue(40)
    notes = Notes(pause=0.005)

    await desk.drain(notes, concurrency=4)

    assert (len(notes.had), notes.most) == (40, 4)


async def test_a_free_slot_is_used_while_a_long_job_runs(desk: Desk) -> None:
    [long] = await desk.queue(payload={"long": True})

    async def run(job: Job) -> Outcome:
        return await for_ever(job) if job.payload else Done()

    worker = desk.worker(run, concurrency=2)
    async with desk.draining(worker):
        await desk.reaches(long, "running")
        for _ in range(3):  # no bell rings here: the worker looks by itself
            [short] = await desk.queue()
            async with asyncio.timeout(3):
                await desk.reaches(short, "completed")

    assert await desk.state(long) == "ready"


async def test_a_claim_that_fails_disturbs_nothing_that_runs(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    [long] = await desk.queue()
    gate, claim = asyncio.Event(), held.claim

    async def run(job: Job) -> Outcome:
        await gate.wait()
        return Done()

    async def refused(*_: object, **__: object) -> list[Job]:
        gate.set()
        monkeypatch.setattr(held, "claim", claim)
        msg = "cannot execute in a read-only transaction"
        raise RuntimeError(msg)

    worker = desk.worker(run, concurrency=2)
    async with desk.draining(worker):
        await desk.reaches(long, "running")
        monkeypatch.setattr(held, "claim", refused)
        worker.bell.set()
        await desk.reaches(long, "completed")

    assert await desk.told(long) == ["completed"]


async def test_a_bell_makes_it_look_at_once_while_a_long_job_runs(desk: Desk) -> None:
    [long] = await desk.queue(payload={"long": True})

    async def run(job: Job) -> Outcome:
        return await for_ever(job) if job.payload else Done()

    worker = desk.worker(run, concurrency=2, look_seconds=3600)
    async with desk.draining(worker):
        await desk.reaches(long, "running")
        [short] = await desk.queue()
        worker.bell.set()
        await desk.reaches(short, "completed")


@pytest.mark.parametrize("claims", [1, 7])
async def test_a_stopped_worker_gives_its_jobs_back_as_if_it_had_not_taken_them(desk: Desk, claims: int) -> None:
    queued = await desk.queue(5)
    for one in queued:
        await desk.change(one, f"claims = {claims - 1}")
    rung: set[str] = set()
    desk.database.listeners.append(lambda commit: rung.update(commit.queues))

    async with desk.draining(desk.worker(for_ever)):
        await desk.reaches(queued[-1], "running")

    rows = [await desk.row(one) for one in queued]
    assert {(row["state"], row["claims"], row["tries"], row["attempt"]) for row in rows} == {
        ("ready", claims - 1, 0, 1)
    }
    assert rung == {"q"}
    assert [job.id for job in await desk.claim(5)] == queued


async def test_stopping_hundreds_of_jobs_leaves_nothing_behind(desk: Desk) -> None:
    await desk.queue(300)
    before = asyncio.all_tasks()
    worker = desk.worker(for_ever, concurrency=300)
    stop = asyncio.Event()
    draining = asyncio.create_task(worker.drain(stop))
    await until(lambda: _held(worker.tasks, 300))

    stop.set()
    async with asyncio.timeout(8):
        await draining

    assert await desk.states() == {"ready": 300}
    assert await desk.database.pool.fetchval("SELECT sum(claims) FROM jobs") == 0
    assert asyncio.all_tasks() == before


async def _held(tasks: set[asyncio.Task[None]], count: int) -> bool:
    return len(tasks) == count


async def test_a_cancelled_worker_gives_its_jobs_back_too(desk: Desk) -> None:
    [job_id] = await desk.queue()
    draining = asyncio.create_task(desk.worker(for_ever).drain(asyncio.Event()))
    await desk.reaches(job_id, "running")

    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)

    assert (await desk.state(job_id), (await desk.row(job_id))["claims"]) == ("ready", 0)


async def test_a_job_that_was_claimed_elsewhere_can_be_adopted(desk: Desk) -> None:
    job = await desk.held()
    worker = desk.worker()

    await worker.adopt(job)

    assert (await desk.state(job.id), worker.tasks) == ("completed", set())


async def test_an_adopted_job_is_given_back_even_before_it_began(desk: Desk) -> None:
    job = await desk.held()
    worker = desk.worker(for_ever)

    worker.adopt(job)
    await worker.interrupt()

    assert await desk.state(job.id) == "ready"


async def test_an_adopted_job_is_kept_alive(desk: Desk) -> None:
    job = await desk.held()
    worker = desk.worker(for_ever, lease_seconds=0.3)
    beating = asyncio.create_task(worker.beat())
    worker.adopt(job)
    first = (await desk.row(job.id))["lease_until"]

    async def extended() -> bool:
        return bool((await desk.row(job.id))["lease_until"] != first)

    await until(extended)
    beating.cancel()
    await worker.interrupt()


async def test_a_job_lost_and_taken_again_by_the_same_worker_is_kept_alive(desk: Desk) -> None:
    [job_id] = await desk.queue()
    slow = asyncio.Event()

    async def run(job: Job) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            await slow.wait()  # the first holder takes its time to notice
        return Done()

    worker = desk.worker(run, lease_seconds=0.6)
    async with desk.draining(worker):
        await desk.reaches(job_id, "running")
        await desk.change(job_id, "state = 'ready', lease_token = lease_token + 1")
        await until(lambda: _claimed(desk, job_id, 2))
        slow.set()
        until_when = (await desk.row(job_id))["lease_until"]
        await until(lambda: _later(desk, job_id, until_when))

    async with desk.database.transaction() as tx:
        assert await held.claim_one(tx, job_id, lease_seconds=1, worker="next") is not None


async def _claimed(desk: Desk, job_id: UUID, times: int) -> bool:
    return bool((await desk.row(job_id))["claims"] == times)


async def _later(desk: Desk, job_id: UUID, moment: object) -> bool:
    return bool((await desk.row(job_id))["lease_until"] > moment)
