import asyncio
import warnings
from collections.abc import Awaitable, Callable

from infra.postgres.database import Database
from infra.postgres.doorbell import CHANNEL, Doorbell

LISTENING = "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE $1"


async def complaints(act: Callable[[], Awaitable[None]]) -> list[str]:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        await act()
    return [str(warning.message) for warning in heard]


async def listening(database: Database) -> None:
    async with asyncio.timeout(5):
        while not await database.pool.fetchval(LISTENING, f"LISTEN%{CHANNEL}%"):  # noqa: ASYNC110  # another server process sets no Event
            await asyncio.sleep(0.01)


async def test_a_closed_doorbell_gives_its_connection_back_clean(database: Database) -> None:
    doorbell = Doorbell(database)
    await doorbell.open()
    await listening(database)

    assert await complaints(doorbell.close) == []


async def test_control_a_listener_left_on_a_connection_is_noticed(database: Database) -> None:
    async def leave_it() -> None:
        async with database.pool.acquire() as connection:
            await connection.add_listener(CHANNEL, print)

    assert "active notification listener" in str(await complaints(leave_it))


async def test_who_is_roused_waits_no_more_now_or_later(database: Database) -> None:
    doorbell = Doorbell(database)
    waiting = asyncio.create_task(doorbell.wait("known", timeout=60))
    await asyncio.sleep(0)

    doorbell.rouse()

    async with asyncio.timeout(5):
        await waiting
        doorbell.bell("known").clear()
        await doorbell.wait("known", timeout=60)
        await doorbell.wait("new", timeout=60)


async def test_control_without_a_call_a_wait_takes_its_time(database: Database) -> None:
    started = asyncio.get_running_loop().time()

    await Doorbell(database).wait("new", timeout=0.1)

    assert asyncio.get_running_loop().time() - started >= 0.09
