"""What users of the database hear when PostgreSQL is away, and when they made a mistake."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from tests.contract.jobs.wire import Wire, wire


@pytest.fixture
async def remote(database_dsn: str) -> AsyncIterator[tuple[Database, Wire]]:
    """A database at the far end of a wire."""
    async with wire(database_dsn) as (line, dsn):
        database = await Database.connect(dsn)
        yield database, line
        database.pool.terminate()


async def nobody_answers(database: Database, line: Wire) -> None:
    line.cut()
    async with database.reading() as tx:
        await tx.fetchval("SELECT 1")


async def it_hangs_up(database: Database, line: Wire) -> None:
    async with database.transaction() as tx:
        line.cut()
        await tx.fetchval("SELECT 1")


async def it_restarts(database: Database, line: Wire) -> None:
    async with database.transaction() as tx:
        await tx.fetchval("SELECT pg_terminate_backend(pg_backend_pid())")


async def its_answer_to_the_commit_is_lost(database: Database, line: Wire) -> None:
    line.lose_the_answer_to(b"COMMIT;")
    async with database.transaction() as tx:
        await tx.fetchval("SELECT 1")


async def it_gives_this_up_for_another(database: Database, line: Wire) -> None:
    async with database.transaction() as first, database.transaction() as second:
        await first.execute("INSERT INTO queues VALUES ('q')")
        await second.execute("SET LOCAL lock_timeout = '10ms'")
        await second.execute("INSERT INTO queues VALUES ('q')")


async def it_hung_up_before_the_statement(database: Database, line: Wire) -> None:
    async with database.reading() as tx:
        line.cut()
        with contextlib.suppress(asyncpg.PostgresConnectionError):
            await tx.fetchval("SELECT 1")
        await tx.fetchval("SELECT 1")


async def it_only_reads(database: Database, line: Wire) -> None:
    async with database.transaction() as tx:
        await tx.execute("SET TRANSACTION READ ONLY")
        await tx.execute("INSERT INTO queues VALUES ('q')")


async def its_disk_is_full(database: Database, line: Wire) -> None:
    async with database.transaction() as tx:
        await tx.execute("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = 'disk_full'; END $$")


async def its_pool_is_closed(database: Database, line: Wire) -> None:
    await database.close()
    async with database.reading() as tx:
        await tx.fetchval("SELECT 1")


TROUBLE = [
    nobody_answers,
    it_hangs_up,
    it_hung_up_before_the_statement,
    it_restarts,
    it_only_reads,
    its_answer_to_the_commit_is_lost,
    its_disk_is_full,
    its_pool_is_closed,
    it_gives_this_up_for_another,
]


@pytest.mark.parametrize("trouble", TROUBLE)
async def test_every_passing_trouble_is_one_problem_with_a_way_out(remote: tuple[Database, Wire], trouble: Any) -> None:
    database, line = remote

    with pytest.raises(DatabaseAway) as caught:
        await trouble(database, line)

    assert caught.value.retryable
    assert caught.value.retry_after


async def test_after_the_trouble_everything_works_again(remote: tuple[Database, Wire]) -> None:
    database, line = remote
    with contextlib.suppress(DatabaseAway):
        await nobody_answers(database, line)

    line.mend()

    await database.ping()


@pytest.mark.parametrize(
    ("error", "statement"),
    [
        (asyncpg.UndefinedTableError, "SELECT * FROM nowhere"),
        (asyncpg.NotNullViolationError, "INSERT INTO queues VALUES (NULL)"),
    ],
)
async def test_a_mistake_is_no_trouble(database: Database, error: type[Exception], statement: str) -> None:
    async def mistake() -> None:
        async with database.transaction() as tx:
            await tx.execute(statement)

    with pytest.raises(error):
        await mistake()


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (asyncpg.InterfaceError, (1, 2)),
        (asyncpg.DataError, (2**40,)),
        (asyncpg.DataError, ("one",)),
    ],
)
async def test_arguments_that_do_not_fit_the_statement_are_no_trouble(
    database: Database, error: type[Exception], arguments: tuple[object, ...]
) -> None:
    async def mistake() -> None:
        async with database.transaction() as tx:
            await tx.fetchval("SELECT $1::int", *arguments)

    with pytest.raises(error):
        await mistake()


async def test_two_statements_at_once_on_one_connection_are_no_trouble_and_harm_nobody_else(database_dsn: str) -> None:
    database = await Database.connect(database_dsn, size=1)

    async def mistake() -> None:
        async with database.transaction() as tx:
            await asyncio.gather(tx.fetchval("SELECT pg_sleep(0.2)"), tx.fetchval("SELECT 1"))

    for _ in range(3):
        with pytest.raises(asyncpg.InterfaceError, match="in progress"):
            await mistake()

    async with database.transaction() as tx:  # on the same connection, or one that took its place
        assert await tx.fetchval("SELECT 1") == 1
    await database.close()
