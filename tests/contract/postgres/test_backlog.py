"""Which waiting jobs more workers would help, and how many workers there can be."""

from uuid import uuid4

import pytest

from infra.postgres.backlog import Backlog, backlog, room
from infra.postgres.database import Database
from services.jobs.job import NewJob
from services.jobs.store import held, queue

WAITED = 60.0


async def wait(database: Database, count: int = 1, *, queue_name: str = "q", tenant: str = "default") -> None:
    """Jobs that are ready and have waited for a minute."""
    jobs = [NewJob(id=uuid4(), kind="k", queue=queue_name, tenant=tenant) for _ in range(count)]
    async with database.transaction() as tx:
        await queue.enqueue_many(tx, jobs)
    await database.pool.execute(
        "UPDATE jobs SET enqueued_at = enqueued_at - $1 * interval '1 s', rank_at = rank_at - $1 * interval '1 s'"
        " WHERE id = ANY($2::uuid[])",
        WAITED,
        [str(job.id) for job in jobs],
    )


async def take(database: Database, count: int = 1, *, worker: str = "w") -> None:
    async with database.transaction() as tx:
        assert len(await held.claim(tx, "q", limit=count, lease_seconds=60, worker=worker)) == count


async def limit(database: Database, name: str, assignment: str) -> None:
    await database.pool.execute("INSERT INTO queues (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
    await database.pool.execute(f"UPDATE queues SET {assignment} WHERE name = $1", name)


async def pressed(database: Database, *names: str) -> bool:
    found = await backlog(database, names or ("q",))
    assert found.waits == 0 or WAITED <= found.waits < WAITED + 30
    return found.waits > 0


async def test_where_nothing_waits_nothing_is_behind(database: Database) -> None:
    assert await backlog(database, {"q"}) == Backlog(waits=0.0, busy=frozenset())


async def test_who_has_waited_longest_in_any_queue_counts(database: Database) -> None:
    async with database.transaction() as tx:
        await queue.enqueue(tx, NewJob(id=uuid4(), kind="k", queue="q"))
    fresh = await backlog(database, {"q", "other"})
    await wait(database, queue_name="other")

    assert 0 < fresh.waits < 30
    assert await pressed(database, "q", "other")


async def test_queues_that_nobody_here_works_do_not_count(database: Database) -> None:
    await wait(database, queue_name="foreign")

    assert not await pressed(database, "q")
    assert await pressed(database, "foreign")


@pytest.mark.parametrize("name", ["q", "*"])
async def test_a_paused_queue_does_not_count(database: Database, name: str) -> None:
    await wait(database)
    await limit(database, name, "paused_at = now()")

    assert not await pressed(database)


async def test_a_queue_at_its_limit_does_not_count(database: Database) -> None:
    await wait(database, 2)
    await take(database)

    await limit(database, "q", "concurrency = 2")
    assert await pressed(database)
    await limit(database, "q", "concurrency = 1")
    assert not await pressed(database)


async def test_a_tenant_at_its_limit_does_not_count_and_others_do(database: Database) -> None:
    await wait(database, 2, tenant="a")
    await take(database)
    await limit(database, "q", "tenant_concurrency = 1")

    assert not await pressed(database)
    await wait(database, tenant="b")
    assert await pressed(database)


async def test_workers_that_hold_jobs_are_busy(database: Database) -> None:
    await wait(database, 3)
    await take(database, 2, worker="one")
    await take(database, worker="two")

    assert (await backlog(database, {"q"})).busy == {"one", "two"}


async def test_there_is_room_for_as_many_as_the_server_has_connections_for(database: Database) -> None:
    most = int(await database.pool.fetchval("SELECT current_setting('max_connections')::integer"))
    few, many = await room(database, pool=50), await room(database, pool=2)

    assert 0 < most - 2 * many < 20  # a few are reserved
    assert few == (most - 3) // 50
    assert await room(database, pool=10 * most) == 1
