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
from infra.runtime.stand_in import address, move

PATIENCE = 10.0  # seconds for another process's stand-in to answer


@asynccontextmanager
async def bright_data(folder: Path) -> AsyncIterator[str]:
    """The address of Bright Data's stand-in: of the one that runs on this folder, else of one that runs here.

    Raises ``TimeoutError`` when another process holds the folder and its stand-in does not answer.
    """
    lock = _open(folder)
    try:
        if not lock.try_exclusive():
            yield await _answering(folder)
            return
        server = await _serve(folder)
        try:
            yield server.url
        finally:
            await server.close()
    finally:
        lock.close()


def _open(folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "bright_data.lock")


async def _serve(folder: Path) -> Server:
    journal = folder / "bright_data.jsonl"
    try:
        return await serve(port=_port(address(folder)), state_file=journal)
    except OSError:  # somebody else's now
        server = await serve(state_file=journal)
        move(folder, server.url)
        return server


async def _answering(folder: Path) -> str:
    async with asyncio.timeout(PATIENCE):
        while True:
            url = address(folder)
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", _port(url))
                writer.close()
                return url
            await asyncio.sleep(0.02)


def _port(url: str) -> int:
    return urlsplit(url).port or 0
