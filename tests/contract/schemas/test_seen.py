"""What every memory of handled events promises."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from schemas.subscribe import MemorySeen, PostgresSeen, Seen


@pytest.fixture(params=["memory", "postgres by address", "postgres by pool"])
async def seen(request: pytest.FixtureRequest, database_dsn: str) -> AsyncIterator[Seen]:
    if request.param == "memory":
        yield MemorySeen()
        return
    async with asyncpg.create_pool(database_dsn, min_size=0) as pool:
        memory = PostgresSeen(database_dsn if "address" in request.param else pool)
        yield memory
        await memory.close()
        assert not pool.is_closing()


async def test_what_was_added_is_known_to_that_subscriber(seen: Seen) -> None:
    assert not await seen.has("load", "1")

    await seen.add("load", "1")
    await seen.add("load", "1")

    assert await seen.has("load", "1")
    assert not await seen.has("load", "2")
    assert not await seen.has("index", "1")


async def test_the_table_is_made_once_however_many_start(database_dsn: str) -> None:
    memories = [PostgresSeen(database_dsn) for _ in range(4)]

    await asyncio.gather(*(memory.add("load", str(number)) for number, memory in enumerate(memories)))

    assert [await memories[0].has("load", str(number)) for number in range(4)] == [True] * 4
    for memory in memories:
        await memory.close()


async def test_postgres_remembers_across_processes_and_forgets_what_is_too_old(database_dsn: str) -> None:
    first = PostgresSeen(database_dsn, keep_days=45)
    await first.add("load", "old")
    await first.add("load", "young")
    await first.close()
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("UPDATE headrace_seen SET at = now() - interval '46 days' WHERE event_id = 'old'")
    await connection.execute("UPDATE headrace_seen SET at = now() - interval '44 days' WHERE event_id = 'young'")
    await connection.close()

    second = PostgresSeen(database_dsn, keep_days=45)
    await second.add("load", "new")

    assert [await second.has("load", event_id) for event_id in ("old", "young", "new")] == [False, True, True]
    await second.close()
