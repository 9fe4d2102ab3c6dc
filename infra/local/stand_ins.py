"""The stand-ins of a data directory: processes that share the directory share them too.

A snapshot that one process buys must be known where another one polls for it, so there is one at a time, and it comes
back where it was: workers outlive it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.simulators.bright_data import Server, serve
from infra.postgres.locks import FileLock
from infra.runtime.configuration.stand_in import address, move

_JOURNAL = "bright_data.jsonl"
PATIENCE = 10.0  # seconds for another process's stand-in to answer
_PAUSE = 0.2  # seconds between two looks at whether the process that has the stand-in still lives


@asynccontextmanager
async def bright_data(folder: Path) -> AsyncIterator[str]:
    """The address of Bright Data's stand-in: of the one that runs on this folder, else of one that runs here.

    When the process that has it ends, however it does, one of those that asked has it from then on, where it was.
    Raises ``TimeoutError`` when another process holds the folder and its stand-in does not answer.
    """
    lock = _open(folder)
    try:
        server, url = await _found(lock, folder)
        inheriting = asyncio.create_task(_inherit(lock, folder, url)) if server is None else None
        try:
            yield url
        finally:
            server = server or await _given_up(inheriting)
            if server is not None:
                await server.close()
    finally:
        lock.close()


async def _found(lock: FileLock, folder: Path) -> tuple[Server | None, str]:
    async with asyncio.timeout(PATIENCE):
        while True:
            if lock.try_exclusive():
                server = await _serve(folder)
                return server, server.url
            if await _answers(url := address(folder)):
                return None, url
            await asyncio.sleep(0.02)


async def _inherit(lock: FileLock, folder: Path, url: str) -> Server:
    while not lock.try_exclusive():  # noqa: ASYNC110  # another process cannot set an event
        await asyncio.sleep(_PAUSE)
    while True:
        # never elsewhere: whoever uses the folder was told this address
        with suppress(OSError):
            return await serve(port=_port(url), state_file=folder / _JOURNAL)
        await asyncio.sleep(_PAUSE)


async def _given_up(inheriting: "asyncio.Task[Server] | None") -> Server | None:
    if inheriting is None:
        return None
    inheriting.cancel()
    (found,) = await asyncio.gather(inheriting, return_exceptions=True)
    return None if isinstance(found, BaseException) else found


def _open(folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "bright_data.lock")


async def _serve(folder: Path) -> Server:
    journal = folder / _JOURNAL
    try:
        return await serve(port=_port(address(folder)), state_file=journal)
    except OSError:  # somebody else's now
        server = await serve(state_file=journal)
        move(folder, server.url)
        return server


async def _answers(url: str) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", _port(url))
    except OSError:
        return False
    writer.close()
    return True


def _port(url: str) -> int:
    return urlsplit(url).port or 0
