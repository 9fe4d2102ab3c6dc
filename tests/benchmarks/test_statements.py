"""How many statements a job costs: a count that no noise touches."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from infra.postgres.database import Database
from services.jobs.engine.worker import Worker
from services.jobs.job import Done, Job, NewJob, Outcome, Work
from services.jobs.store import queue
from tests.benchmarks.peers.headrace_queue import HeadraceClient

JOBS = 400
BESIDE = 3 + 4  # queueing them in a transaction, and looking in vain at the end


async def _done(job: Job) -> Outcome:
    return Done()


@pytest.fixture
async def counted(database_dsn: str) -> AsyncIterator[tuple[Database, Counter[str]]]:
    """A database on one connection, and the first words of all it was asked."""
    database, asked = await Database.connect(database_dsn, size=1), Counter[str]()
    async with database.pool.acquire() as connection:
        connection.add_query_logger(lambda record: asked.update([record.query.split()[0].strip(";")]))
    yield database, asked
    await database.close()


async def _drained(database: Database, *, batch: int) -> None:
    async with database.transaction() as tx:
        await queue.enqueue_many(tx, [NewJob(id=uuid4(), kind="k", queue="q") for _ in range(JOBS)])
    work = {"k": Work(run=_done, announce=True)}
    worker = Worker(database=database, queue="q", work=work, name="w", batch_size=batch, concurrency=batch)
    assert await worker.drain(asyncio.Event()) == JOBS


@pytest.mark.parametrize("batch", [10, 100])
async def test_a_batch_is_taken_in_one_statement_and_ended_in_another(
    counted: tuple[Database, Counter[str]], batch: int
) -> None:
    database, asked = counted
    await _drained(database, batch=batch)  # the driver asks for types, once a connection
    asked.clear()
    await _drained(database, batch=batch)

    assert asked.total() <= 2 * JOBS / batch + BESIDE, asked
    assert await database.pool.fetchval("SELECT count(*) FROM outbox") == 2 * JOBS


async def test_job_by_job_costs_more(counted: tuple[Database, Counter[str]]) -> None:
    database, asked = counted
    await _drained(database, batch=1)
    assert asked.total() > 2 * JOBS / 10 + BESIDE


async def test_a_job_and_the_line_its_watchers_follow_are_queued_in_one_statement(
    counted: tuple[Database, Counter[str]],
) -> None:
    database, asked = counted
    client = HeadraceClient(database)
    await client.one(0.0)  # see above
    asked.clear()
    for _ in range(10):
        await client.one(0.0)

    assert asked.total() == 10
    assert await database.pool.fetchval("SELECT count(*) FROM job_events") == 11


async def test_statements_are_counted(counted: tuple[Database, Counter[str]]) -> None:
    database, asked = counted
    async with database.transaction() as tx:
        await tx.fetchval("SELECT 1")
    assert asked == {"BEGIN": 1, "SELECT": 1, "COMMIT": 1}
