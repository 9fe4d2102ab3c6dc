"""Chores of the clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from infra.postgres.away import DatabaseAway

log = structlog.get_logger()

BREATH_SECONDS = 0.05

Part = Callable[[], Awaitable[Any]]
Chore = Callable[[asyncio.Event], Awaitable[Any]]


def once(part: Part) -> Chore:
    """A chore that is done in one go."""
    return lambda _: part()


def until_nothing_is_left(part: Part) -> Chore:
    """A chore done part by part, each with a little rest after it, until a part finds nothing or all is to stop."""

    async def chore(stop: asyncio.Event) -> None:
        left = True
        while left and not stop.is_set():
            left = bool(await part())
            await asyncio.sleep(BREATH_SECONDS)  # others want the database too

    return chore


@dataclass
class Chores:
    """Done at the first turn, and then at the first turn after every ``every_seconds``."""

    chores: Sequence[Chore]
    every_seconds: float = 0.0
    clock: Callable[[], float] = time.monotonic
    _done_at: float = float("-inf")

    async def turn(self, stop: asyncio.Event) -> None:
        """Do what is due; one chore's failure does not keep the others from running.

        Without a database nothing else is tried this time.
        """
        if self.clock() - self._done_at < self.every_seconds:
            return
        self._done_at = self.clock()
        for chore in self.chores:
            if stop.is_set():
                return
            try:
                await chore(stop)
            except DatabaseAway as away:
                log.warning("chores wait for the database", reason=away.detail)
                return
            except Exception:
                log.exception("chore failed")  # its traceback names it
