"""Who lost the lease writes nothing."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from infra.postgres.database import Database, Transaction
from services.jobs.engine.settle import LeaseLost, fail, hold, retry, settle
from services.jobs.job import Cancelled, Done, Job, Resume, Snooze, Waiting
from services.jobs.store import commands, control, held
from tests.contract.jobs.rig import Desk, Final, Passing, record

Write = Callable[[Database, Job], Awaitable[None]]


async def checkpoint(database: Database, job: Job) -> None:
    async with database.transaction() as tx:
        await record(tx)
        await hold(tx, job, progress=50, step="half", cursor={"parts": 1})


WRITES: dict[str, Write] = {
    "complete": lambda database, job: settle(database, job, Done(result={"n": 1}, also=record)),
    "wait": lambda database, job: settle(database, job, Waiting(queue="poll", step="waiting", also=record)),
    "snooze": lambda database, job: settle(database, job, Snooze(seconds=5)),
    "give back": lambda database, job: settle(database, job, Resume()),
    "cancel": lambda database, job: settle(database, job, Cancelled(also=record)),
    "retry": lambda database, job: retry(database, job, Passing(), seconds=1),
    "fail": lambda database, job: fail(database, job, Final(), work=None),
    "checkpoint": checkpoint,
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_a_zombie_writes_nothing(desk: Desk, write: Write) -> None:
    zombie = await desk.zombie()
    before, told = await desk.row(zombie.id), await desk.told(zombie.id)

    with pytest.raises(LeaseLost):
        await write(desk.database, zombie)

    assert await desk.row(zombie.id) == before
    assert await desk.told(zombie.id) == told
    assert await desk.outbox() == 0


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_the_holder_writes(desk: Desk, write: Write) -> None:
    job = await desk.held()
    before = await desk.row(job.id)

    await write(desk.database, job)

    assert await desk.row(job.id) != before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_without_the_token_a_zombie_would_be_noticed(
    desk: Desk, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    zombie = await desk.zombie()
    before = await desk.row(zombie.id)
    fenced = held._settling
    monkeypatch.setattr(
        held, "_settling", lambda change: fenced(change).replace("lease_token = $2", "$2::bigint IS NOT NULL")
    )
    monkeypatch.setattr(held, "_CHECKPOINT", held._CHECKPOINT.replace("lease_token = $2", "$2::bigint IS NOT NULL"))

    await write(desk.database, zombie)

    assert await desk.row(zombie.id) != before


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
async def test_nobody_writes_after_the_end(desk: Desk, write: Write) -> None:
    job = await desk.held()
    await settle(desk.database, job, Done(result={"n": 1}))
    before = await desk.row(job.id)

    with pytest.raises(LeaseLost):
        await write(desk.database, job)

    assert await desk.row(job.id) == before


async def test_a_lease_that_was_reaped_is_fenced_before_anybody_takes_the_job_again(desk: Desk) -> None:
    job = await desk.held()
    await desk.change(job.id, "state = 'ready', lease_token = lease_token + 1")

    with pytest.raises(LeaseLost):
        await settle(desk.database, job, Done())


async def test_a_cancelled_job_fences_its_worker_out(desk: Desk) -> None:
    job = await desk.held()

    async with desk.database.transaction() as tx:
        locked = await control.lock(tx, job.id)
        assert locked is not None
        await commands.cancel(tx, [locked])

    with pytest.raises(LeaseLost):
        await settle(desk.database, job, Done(also=record))
    assert (await desk.state(job.id), await desk.outbox()) == ("cancelled", 0)


async def test_of_two_workers_that_finish_the_same_job_one_is_told_so(desk: Desk) -> None:
    job = await desk.held()

    ends = await asyncio.gather(
        *(settle(desk.database, job, Done(also=record)) for _ in range(5)), return_exceptions=True
    )

    assert sorted(type(end).__name__ for end in ends) == ["LeaseLost"] * 4 + ["NoneType"]
    assert await desk.outbox() == 1


async def test_a_zombie_keeps_nobodys_lease_alive(desk: Desk) -> None:
    zombie = await desk.zombie()
    before = (await desk.row(zombie.id))["lease_until"]

    async with desk.database.transaction() as tx:
        alive = await held.heartbeat(tx, [(zombie.id, zombie.lease_token)], lease_seconds=3600)

    assert alive == {}
    assert (await desk.row(zombie.id))["lease_until"] == before


async def test_what_a_lost_lease_would_have_told_is_not_published(desk: Desk) -> None:
    zombie = await desk.zombie()
    rung: list[frozenset[str]] = []
    desk.database.listeners.append(lambda commit: rung.append(commit.queues))

    async def also(tx: Transaction) -> None:
        tx.ring("elsewhere")
        await record(tx)

    with pytest.raises(LeaseLost):
        await settle(desk.database, zombie, Done(also=also))

    assert rung == []
