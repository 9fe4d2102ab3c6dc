"""The unit of work, and whoever hears of it."""

import asyncio
import contextlib
from typing import Any

import asyncpg
import pytest

from infra.postgres import database as module
from infra.postgres.away import DatabaseAway
from infra.postgres.database import Commit, Database
from infra.postgres.instance import claim_lake
from schemas.events.crawl_failed import CrawlFailed

EVENT = CrawlFailed(crawl_id="c", attempt=1, error="e", code="TIMEOUT", stage="s", recovery="r")
COUNT = "SELECT (SELECT count(*) FROM queues), (SELECT count(*) FROM outbox), (SELECT count(*) FROM events)"


async def test_state_and_event_commit_together_and_whoever_listens_hears_it_once(database: Database) -> None:
    heard: list[Commit] = []
    database.listeners.append(heard.append)

    async with database.transaction() as tx:
        await tx.execute("INSERT INTO queues VALUES ('q')")
        await tx.record(EVENT, tenant="default")
        tx.ring("q", "p")
        tx.ring("q")
        assert heard == []

    assert tuple(await database.pool.fetchrow(COUNT)) == (1, 1, 1)
    assert heard == [Commit(1, frozenset({"q", "p"}))]


async def test_a_unit_of_work_that_fails_leaves_nothing_and_nobody_hears_of_it(database: Database) -> None:
    heard: list[Commit] = []
    database.listeners.append(heard.append)

    with contextlib.suppress(KeyError):
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO queues VALUES ('q')")
            await tx.record(EVENT, tenant="default")
            tx.ring("q")
            raise KeyError

    assert tuple(await database.pool.fetchrow(COUNT)) == (0, 0, 0)
    assert heard == []


async def test_work_that_leaves_nothing_to_do_is_not_announced(database: Database) -> None:
    heard: list[Commit] = []
    database.listeners.append(heard.append)

    async with database.transaction() as tx:
        await tx.fetchval("SELECT 1")

    assert heard == []


async def test_a_file_that_is_missing_inside_the_block_is_not_the_databases_fault(database: Database) -> None:
    async def read() -> None:
        async with database.transaction():
            raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        await read()


async def test_work_that_is_committed_stays_done_though_its_connection_breaks_on_the_way_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Commit] = []
    database.listeners.append(heard.append)
    whole = database.pool

    class Breaking:
        async def acquire(self) -> Any:
            return await whole.acquire()

        async def release(self, connection: Any) -> None:
            await whole.release(connection)
            raise asyncpg.ConnectionDoesNotExistError

    monkeypatch.setattr(database, "pool", Breaking())
    async with database.transaction() as tx:
        tx.ring("q")

    assert heard == [Commit(events=0, queues=frozenset({"q"}))]


async def test_a_sign_of_life_does_not_wait_for_ever(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.1)
    database = await Database.connect(database_dsn, size=1)

    async with database.reading():  # the only connection is busy
        with pytest.raises(DatabaseAway, match="No answer within"):
            await database.ping()

    await database.close()


async def test_closing_leaves_a_process_the_time_to_end_though_a_connection_is_in_use(database_dsn: str) -> None:
    database = await Database.connect(database_dsn)
    await database.pool.acquire()

    async with asyncio.timeout(4):
        await database.close()


async def test_a_database_belongs_to_the_lake_that_came_first(database: Database) -> None:
    answers = await asyncio.gather(*(claim_lake(database, lake) for lake in ("one", "other")))
    mine = "one" if answers[0] else "other"

    assert sorted(answers) == [False, True]
    assert await claim_lake(database, mine)
