"""The driver between us and Chromium: ended for good, and its files lie in a room, for killed it removes none."""

import asyncio
import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import structlog

from infra.runtime.rooms import Room

if TYPE_CHECKING:
    from playwright._impl.out_of_process import PlaywrightClient
    from playwright.async_api import Playwright

STOP_SECONDS = 2.0  # a well driver goes in a tenth of one
_TEMPORARY = "TMPDIR"

log = structlog.get_logger()


@dataclass(frozen=True)
class Driver:
    """A driver that runs: Playwright's functions, and the process that does what they say."""

    playwright: "Playwright"
    _client: "PlaywrightClient"

    async def end(self) -> None:
        """End its process, by force where it does not go; it is gone after that."""
        await _end(self._client)


async def start_driver() -> Driver:
    """A driver of its own. Whatever ends the start ends it."""
    from playwright._impl.out_of_process import PlaywrightClient  # noqa: PLC0415  # heavy; only it tells the process
    from playwright.async_api import Playwright  # noqa: PLC0415  # see above

    room = await asyncio.to_thread(_drivers_room)
    with _temporary_files_in(str(room.path)):
        client = PlaywrightClient()
        try:
            return Driver(Playwright(await client._playwright), client)  # noqa: SLF001  # what its own `start` returns
        except BaseException:
            await _end(client)
            raise


async def _end(client: "PlaywrightClient") -> None:
    process = getattr(client._transport, "_proc", None)  # noqa: SLF001  # nothing public tells or ends it
    if process is None:
        return
    leaving = asyncio.ensure_future(_left(client, process))
    # not a timeout: that would cancel what Playwright itself waits for
    await asyncio.wait({leaving}, timeout=STOP_SECONDS)
    if not leaving.done():
        log.warning("a browser's driver was ended by force")
        process.kill()
        process._transport.close()  # noqa: SLF001  # while its output is open and unread, nobody is told of its end
    await leaving


async def _left(client: "PlaywrightClient", process: asyncio.subprocess.Process) -> None:
    await client.stop()
    if process.stdin is not None:
        process.stdin.close()  # Playwright does not where its reader was cancelled, as it is when a loop ends
    await process.wait()


@cache
def _drivers_room() -> Room:
    entered = Room.enter("drivers")
    atexit.register(entered.leave)
    return entered


@contextmanager
def _temporary_files_in(place: str) -> Iterator[None]:
    # it takes its environment from ours and from nobody else; all drivers have one place, whoever starts meanwhile
    before = os.environ.get(_TEMPORARY)
    os.environ[_TEMPORARY] = place
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_TEMPORARY, None)
        elif before != place:
            os.environ[_TEMPORARY] = before
