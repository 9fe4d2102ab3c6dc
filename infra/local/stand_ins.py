"""The stand-ins of a data directory: processes that share the directory share them too.

A snapshot that one process buys must be known where another one polls for it, so there is one at a time.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from infra.local.simulators.bright_data import serve
from infra.postgres.locks import FileLock

PATIENCE = 10.0  # seconds for another process to say where its stand-in listens


@asynccontextmanager
async def bright_data(folder: Path) -> AsyncIterator[str]:
    """The address of Bright Data's stand-in: of the one that runs on this folder, else of one that runs here.

    Raises ``TimeoutError`` when another process holds the folder and does not say where it listens.
    """
    lock, address = _open(folder), folder / "bright_data.url"
    try:
        if not lock.try_exclusive():
            yield await _told(address)
            return
        _tell(address, "")  # a killed process left its own
        server = await serve(state_file=folder / "bright_data.jsonl")
        _tell(address, server.url)
        try:
            yield server.url
        finally:
            _tell(address, "")
            await server.close()
    finally:
        lock.close()


def _open(folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / "bright_data.lock")


def _tell(address: Path, url: str) -> None:
    address.write_text(url)


def _read(address: Path) -> str:
    return address.read_text() if address.exists() else ""


async def _told(address: Path) -> str:
    async with asyncio.timeout(PATIENCE):
        while not (url := _read(address)):  # noqa: ASYNC110  # another process sets no Event
            await asyncio.sleep(0.02)
    return url
