"""The stand-ins of a data directory: processes that share the directory share them too.

What one process buys must be known where another one asks for it, so there is one of each at a time, and it comes back
where it was: workers outlive it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from infra.local.simulators import bright_data, firecrawl
from infra.postgres.locks import FileLock
from infra.runtime.configuration.stand_in import address, move

PATIENCE = 10.0  # seconds for another process's stand-in to answer
_PAUSE = 0.2  # seconds between two looks at whether the process that has the stand-in still lives


class Server(Protocol):
    """A running simulator."""

    @property
    def url(self) -> str:
        """Where it listens."""

    async def close(self) -> None:
        """Stop."""


class Serve(Protocol):
    """What runs a simulator in this event loop; its journal is read again at the next start."""

    async def __call__(self, *, port: int = 0, state_file: Path | None = None) -> Server:
        """Port 0 takes a free one."""


SIMULATORS: Mapping[str, Serve] = {"bright_data": bright_data.serve, "firecrawl": firecrawl.serve}


@asynccontextmanager
async def stand_in(name: str, folder: Path) -> AsyncIterator[str]:
    """The address of a stand-in: of the one that runs on this folder, else of one that runs here.

    When the process that has it ends, however it does, one of those that asked has it from then on, where it was.
    Raises ``TimeoutError`` when another process holds the folder and its stand-in does not answer.
    """
    lock, place = _lock(name, folder), _Place(name, folder)
    try:
        server, url = await _found(lock, place)
        inheriting = asyncio.create_task(_inherit(lock, place, url)) if server is None else None
        try:
            yield url
        finally:
            server = server or await _given_up(inheriting)
            if server is not None:
                await server.close()
    finally:
        lock.close()


@dataclass(frozen=True)
class _Place:
    name: str
    folder: Path

    @property
    def address(self) -> str:
        return address(self.folder, self.name)

    async def serve(self, port: int = 0) -> Server:
        return await SIMULATORS[self.name](port=port, state_file=self.folder / f"{self.name}.jsonl")


async def _found(lock: FileLock, place: _Place) -> tuple[Server | None, str]:
    async with asyncio.timeout(PATIENCE):
        while True:
            if lock.try_exclusive():
                server = await _serve(place)
                return server, server.url
            if await _answers(url := place.address):
                return None, url
            await asyncio.sleep(0.02)


async def _inherit(lock: FileLock, place: _Place, url: str) -> Server:
    while not lock.try_exclusive():  # noqa: ASYNC110  # another process cannot set an event
        await asyncio.sleep(_PAUSE)
    while True:
        # never elsewhere: whoever uses the folder was told this address
        with suppress(OSError):
            return await place.serve(_port(url))
        await asyncio.sleep(_PAUSE)


async def _given_up(inheriting: "asyncio.Task[Server] | None") -> Server | None:
    if inheriting is None:
        return None
    inheriting.cancel()
    (found,) = await asyncio.gather(inheriting, return_exceptions=True)
    return None if isinstance(found, BaseException) else found


def _lock(name: str, folder: Path) -> FileLock:
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock")


async def _serve(place: _Place) -> Server:
    try:
        return await place.serve(_port(place.address))
    except OSError:  # somebody else's now
        server = await place.serve()
        move(place.folder, place.name, server.url)
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
