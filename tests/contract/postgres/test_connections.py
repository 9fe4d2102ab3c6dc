"""Connections at hand: used again, never broken ones, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest

from infra.postgres.away import DatabaseAway
from infra.postgres.connections import Connections
from infra.postgres.database import NOT_AT_HAND, Database

PID = "SELECT pg_backend_pid()"
ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE pid = $1"


@pytest.fixture
async def pool(database_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_dsn, min_size=1, max_size=2) as made:
        yield made


async def used(connections: Connections) -> int:
    async with connections.one() as connection:
        pid: int = await connection.fetchval(PID)
        return pid


async def test_the_last_one_used_stays_at_hand_and_is_not_asked_of_the_pool_again(pool: asyncpg.Pool) -> None:
    connections = Connections(pool, at_hand=1)
    first = await used(connections)
    async with pool.acquire():  # the pool's other one
        assert pool.get_idle_size() == 0
        assert await used(connections) == first
    await connections.put_away()


async def test_with_no_place_at_hand_it_goes_back_to_the_pool(pool: asyncpg.Pool) -> None:
    await used(Connections(pool, at_hand=0))
    assert pool.get_idle_size() == 1


async def test_one_that_broke_at_hand_is_replaced(pool: asyncpg.Pool) -> None:
    connections = Connections(pool, at_hand=1)
    broken = await used(connections)
    async with pool.acquire() as other:
        await other.execute("SELECT pg_terminate_backend($1)", broken)
        async with asyncio.timeout(5):
            while await other.fetchval(ALIVE, broken):  # noqa: ASYNC110  # it sets no event
                await asyncio.sleep(0.01)
    assert await used(connections) != broken
    await connections.put_away()


async def test_one_whose_use_went_wrong_is_not_kept_at_hand(pool: asyncpg.Pool) -> None:
    connections = Connections(pool, at_hand=1)
    with pytest.raises(asyncpg.UndefinedTableError):
        async with connections.one() as connection:
            await connection.execute("SELECT FROM nothing")
    assert pool.get_idle_size() == 1


async def test_who_waits_at_the_pool_comes_before_the_place_at_hand(pool: asyncpg.Pool) -> None:
    connections = Connections(pool, at_hand=2)
    async with pool.acquire():
        async with connections.one():
            waiting = asyncio.create_task(used(connections))
            await asyncio.sleep(0)
            assert not waiting.done()
        assert await asyncio.wait_for(waiting, 5)
    await connections.put_away()


async def test_put_away_it_keeps_nothing_any_more(pool: asyncpg.Pool) -> None:
    connections = Connections(pool, at_hand=1)
    await used(connections)
    await connections.put_away()
    await used(connections)
    assert pool.get_idle_size() == pool.get_size()


async def test_a_connection_cut_in_use_is_a_database_away(pool: asyncpg.Pool) -> None:
    connections = Connections(pool, at_hand=1)

    async def cut() -> None:
        async with connections.one() as connection, pool.acquire() as other:
            await other.execute("SELECT pg_terminate_backend($1)", await connection.fetchval(PID))
            await connection.fetchval(PID)

    with pytest.raises(DatabaseAway):
        await cut()


@pytest.mark.parametrize("size", [1, 2, 3, 8])
async def test_whoever_asks_the_pool_itself_finds_a_connection_beside_the_one_that_listens(
    database_dsn: str, size: int
) -> None:
    database = await Database.connect(database_dsn, size=size)
    await asyncio.gather(*(database.ping() for _ in range(size)))
    async with asyncio.timeout(5), AsyncExitStack() as stack:
        for _ in range(min(size, NOT_AT_HAND)):
            await stack.enter_async_context(database.pool.acquire())
    await database.close()
