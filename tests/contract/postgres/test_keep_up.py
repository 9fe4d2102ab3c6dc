"""The embedded PostgreSQL comes back by itself when it is killed under those who use it."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg

from infra.postgres.keep_up import kept_up
from infra.postgres.server import EmbeddedServer, start

LOOK_SECONDS = 0.05


async def kill(server: EmbeddedServer) -> int:
    """Kill the server as the kernel does for want of memory; returns whom."""
    killed = server.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    return killed


async def value(server: EmbeddedServer, statement: str) -> object:
    connection = await asyncpg.connect(server.dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await done():  # noqa: ASYNC110  # another process cannot set an Event
            await asyncio.sleep(0.02)


async def answers(server: EmbeddedServer) -> bool:
    try:
        return await value(server, "SELECT 1") == 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def test_a_killed_server_comes_back_to_its_address_with_every_committed_row(data_dir: Path) -> None:
    async with AsyncExitStack() as stack:
        server = await start(data_dir)
        stack.push_async_callback(server.leave)
        await value(server, "CREATE TABLE kept AS SELECT 7 AS n")
        await stack.enter_async_context(kept_up(server, look_seconds=LOOK_SECONDS))
        address = server.dsn
        killed = await kill(server)

        await until(lambda: answers(server))

        assert (server.dsn, await value(server, "SELECT n FROM kept")) == (address, 7)
        assert server.pid not in {killed, None}
    assert server.pid is None


async def test_two_users_of_a_killed_server_get_one_again(data_dir: Path) -> None:
    async with AsyncExitStack() as stack:
        users = [await start(data_dir), await start(data_dir)]
        for user in users:
            stack.push_async_callback(user.leave)
            await stack.enter_async_context(kept_up(user, look_seconds=LOOK_SECONDS))
        killed = await kill(users[0])

        await until(lambda: answers(users[1]))

        first, second = users
        assert first.pid == second.pid != killed


async def test_a_server_that_lives_is_left_alone(data_dir: Path) -> None:
    server = await start(data_dir)
    before = server.pid
    async with kept_up(server, look_seconds=0.001):
        for _ in range(20):
            assert await answers(server)
    assert server.pid == before
    await server.leave()


async def test_nobody_starts_a_killed_server_that_is_not_kept_up_and_who_leaves_it_leaves_in_peace(
    data_dir: Path,
) -> None:
    server = await start(data_dir)
    async with kept_up(server, look_seconds=LOOK_SECONDS):
        pass
    await kill(server)

    await until(server.gone)
    await asyncio.sleep(5 * LOOK_SECONDS)

    assert not await answers(server)
    await server.leave()
