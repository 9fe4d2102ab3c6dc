"""What queues allow: pauses, so many jobs at once, so many of one tenant."""

import asyncio
from typing import Any

import pytest

from infra.postgres.database import Database
from services.jobs.job import Job, Outcome
from services.jobs.store import held
from tests.contract.jobs.rig import Desk, Notes, for_ever, until


async def limit(desk: Desk, *, queue: str = "q", **limits: Any) -> None:
    names, values = ", ".join(limits), ", ".join(str(value) for value in limits.values())
    await desk.database.pool.execute(f"INSERT INTO queues (name, {names}) VALUES ('{queue}', {values})")


async def running(desk: Desk) -> dict[str, int]:
    found = await desk.database.pool.fetch(
        "SELECT tenant, count(*) AS n FROM jobs WHERE state = 'running' GROUP BY tenant"
    )
    return {row["tenant"]: row["n"] for row in found}


async def storm(dsn: str, claimers: int, *, each: int) -> int:
    """So many claim at the same moment; returns how many jobs they got together."""
    crowd = Desk(await Database.connect(dsn, size=claimers))
    async with asyncio.timeout(30):
        await asyncio.gather(*(crowd.database.pool.fetchval("SELECT pg_sleep(0.05)") for _ in range(claimers)))
        got = await asyncio.gather(*(crowd.claim(each) for _ in range(claimers)))
    await crowd.database.close()
    return sum(len(jobs) for jobs in got)


async def test_twenty_at_once_take_no_more_than_a_queue_allows(desk: Desk, database_dsn: str) -> None:
    await desk.queue(100)
    await limit(desk, concurrency=7)

    assert await storm(database_dsn, 20, each=3) == 7
    assert await running(desk) == {"default": 7}
    assert await desk.claim(10) == []


async def test_twenty_at_once_take_no_more_of_a_tenant_than_its_queue_allows(desk: Desk, database_dsn: str) -> None:
    for tenant in ("a", "b", "c"):
        await desk.queue(30, tenant=tenant)
    await limit(desk, tenant_concurrency=4)

    assert await storm(database_dsn, 20, each=3) == 12
    assert await running(desk) == {"a": 4, "b": 4, "c": 4}


async def test_claimers_that_did_not_wait_for_each_other_would_take_too_many(
    desk: Desk, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_LIMITS", held._LIMITS.replace("FOR UPDATE", ""))
    slowly = held._CLAIM_FAIRLY.replace("state = 'running', claims", "message = pg_sleep(0.05)::text, claims")
    monkeypatch.setattr(held, "_CLAIM_FAIRLY", slowly.replace("claims = claims + 1", "state = 'running', claims = 1"))
    await desk.queue(100)
    await limit(desk, concurrency=7)

    assert await storm(database_dsn, 20, each=3) > 7


async def unlocked(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        return len(await tx.fetch("SELECT id FROM jobs FOR UPDATE SKIP LOCKED"))


async def test_a_claim_under_limits_locks_only_what_it_takes(desk: Desk) -> None:
    for tenant in ("a", "b", "c"):
        await desk.queue(30, tenant=tenant)
    await limit(desk, tenant_concurrency=20)

    async with desk.database.transaction() as tx:
        taken = await held.claim_fairly(tx, "q", limit=5, lease_seconds=60, worker="w")
        others = await unlocked(desk)

    assert len(taken or []) == 5
    assert others == 85


async def test_a_claim_under_limits_passes_over_what_somebody_holds(desk: Desk) -> None:
    await desk.queue(30)
    await limit(desk, tenant_concurrency=20)

    async with desk.database.transaction() as tx:
        first = await tx.fetch("SELECT id FROM jobs ORDER BY rank_at, id LIMIT 2 FOR UPDATE")
        taken = await desk.claim(3)

    assert len(taken) == 3
    assert {job.id for job in taken}.isdisjoint(row["id"] for row in first)


async def test_an_ended_job_makes_room_for_exactly_one(desk: Desk) -> None:
    await desk.queue(10)
    await limit(desk, concurrency=2)
    first, _ = await desk.claim(5)

    assert await desk.claim(5) == []
    await desk.change(first.id, "state = 'completed'")

    assert len(await desk.claim(5)) == 1


async def test_the_limits_of_queue_and_tenant_hold_together(desk: Desk) -> None:
    for tenant in ("a", "b", "c"):
        await desk.queue(5, tenant=tenant)
    await limit(desk, concurrency=5, tenant_concurrency=2)

    assert len(await desk.claim(50)) == 5
    assert max((await running(desk)).values()) == 2


async def test_a_limited_queue_is_still_worked_best_rank_first(desk: Desk) -> None:
    [low], [high] = await desk.queue(priority=4, tenant="a"), await desk.queue(priority=0, tenant="b")
    [normal] = await desk.queue(tenant="a")
    await limit(desk, tenant_concurrency=9)

    assert [job.id for job in await desk.claim(9)] == [high, normal, low]


async def test_other_queues_are_not_limited(desk: Desk) -> None:
    await desk.queue(5)
    await desk.queue(5, queue="free")
    await limit(desk, concurrency=1)

    assert len(await desk.claim(9)) == 1
    assert len(await desk.claim(9, queue="free")) == 5


async def test_a_tenant_with_fifty_thousand_jobs_keeps_no_other_out(desk: Desk) -> None:
    await desk.database.pool.execute(
        "INSERT INTO jobs (id, kind, queue, tenant, priority, rank_at)"
        " SELECT gen_random_uuid(), 'k', 'q', 'mighty', 0, now() - interval '1 h' FROM generate_series(1, 50000)"
    )
    [small] = await desk.queue(tenant="small", priority=4)
    await limit(desk, tenant_concurrency=3)

    async with asyncio.timeout(2):
        taken = await desk.claim(10)

    assert [job.tenant for job in taken] == ["mighty"] * 3 + ["small"]
    assert taken[-1].id == small


async def test_workers_of_a_limited_queue_work_it_to_its_end(desk: Desk, database_dsn: str) -> None:
    queued = await desk.queue(60)
    await limit(desk, concurrency=3)
    notes, other = Notes(pause=0.002), Desk(await Database.connect(database_dsn))

    async def all_done() -> bool:
        await asyncio.gather(desk.drain(notes, look_seconds=0.05), other.drain(notes, name="v", look_seconds=0.05))
        return await desk.states() == {"completed": len(queued)}

    await until(all_done, patience=20)
    await other.database.close()

    assert sorted(notes.had) == sorted(queued)
    assert notes.most <= 3


@pytest.mark.parametrize("limited", [True, False])
async def test_a_pause_of_all_queues_stops_every_one_and_ends_with_its_row(desk: Desk, *, limited: bool) -> None:
    [job_id] = await desk.queue()
    await desk.queue(queue="other")
    if limited:
        await limit(desk, concurrency=9)
    await limit(desk, queue="*", paused_at="now()")

    assert await desk.claim() + await desk.claim(queue="other") == []
    async with desk.database.transaction() as tx:
        assert await held.claim_one(tx, job_id, lease_seconds=45, worker="w") is None

    await desk.database.pool.execute("UPDATE queues SET paused_at = NULL WHERE name = '*'")
    assert len(await desk.claim() + await desk.claim(queue="other")) == 2


async def test_a_pause_lets_what_runs_go_on(desk: Desk) -> None:
    first, second = await desk.queue(2)
    going_on = asyncio.Event()

    async def run(job: Job) -> Outcome:
        return await for_ever(job) if going_on.is_set() else await Notes(pause=0.2)(job)

    async with desk.draining(desk.worker(run, concurrency=1, look_seconds=0.05)):
        await desk.reaches(first, "running")
        await limit(desk, paused_at="now()")
        await desk.reaches(first, "completed")
        await asyncio.sleep(0.2)

    assert await desk.state(second) == "ready"


async def test_limits_that_stand_beside_the_name_of_all_queues_stop_none(desk: Desk) -> None:
    await desk.queue(5)
    await limit(desk, queue="*", concurrency=1)

    assert len(await desk.claim(5)) == 5


@pytest.mark.parametrize("most", [1, 4])
async def test_a_limited_queue_is_worked_up_to_its_limit_without_waiting_for_a_ring(desk: Desk, most: int) -> None:
    [long, *_] = await desk.queue(60)
    await limit(desk, concurrency=most + 1)
    notes, gate = Notes(pause=0.005), asyncio.Event()

    async def run(job: Job) -> Outcome:
        if job.id == long:
            await gate.wait()
        return await notes(job)

    async with desk.draining(desk.worker(run, concurrency=20, look_seconds=3600)):
        await until(lambda: _had(notes, 59))
        assert notes.most <= most
        gate.set()
        await desk.reaches(long, "completed")


async def _had(notes: Notes, many: int) -> bool:
    return len(notes.had) == many
