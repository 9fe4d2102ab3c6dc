"""A server that dies while it is used, by a kill or for want of memory, is started again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from infra.postgres.server import EmbeddedServer
from infra.postgres.unavailable import DatabaseUnavailable

log = structlog.get_logger()

LOOK_SECONDS = 1.0
REST_SECONDS = 10.0  # after a start that came to nothing: its cause seldom passes at once


@asynccontextmanager
async def kept_up(server: EmbeddedServer, *, look_seconds: float = LOOK_SECONDS) -> AsyncIterator[None]:
    """Have the server up for the length of the block; a start that is under way is awaited at its end."""
    over = asyncio.Event()
    keeping = asyncio.create_task(_keep_up(server, over, look_seconds))
    try:
        yield
    finally:
        over.set()
        await keeping


async def _keep_up(server: EmbeddedServer, over: asyncio.Event, look_seconds: float) -> None:
    pause = look_seconds
    while not await _is_over(over, pause):
        pause = look_seconds
        try:
            if await server.gone():
                log.warning("the database's server has died and is started again")
                await server.ensure()
        except DatabaseUnavailable as error:
            log.warning("the database's server is not up again", reason=error.detail)
            pause = REST_SECONDS


async def _is_over(over: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await over.wait()
    return over.is_set()
