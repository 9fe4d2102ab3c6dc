"""The driver between us and Chromium: its temporary files lie in a room, for it removes none when it is killed."""

import asyncio
import atexit
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from infra.runtime.rooms import Room

if TYPE_CHECKING:
    from playwright.async_api import Playwright

_TEMPORARY = "TMPDIR"


async def start_driver() -> "Playwright":
    """A driver of its own."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  # heavy

    room = await asyncio.to_thread(_drivers_room)
    with _temporary_files_in(str(room.path)):
        return await async_playwright().start()


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
