"""Chores of the clock: some at every tick, some now and then."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

log = structlog.get_logger()

Chore = Callable[[], Awaitable[Any]]


@dataclass
class Sweep:
    """``often`` runs at every turn, ``seldom`` at the first and then every ``seldom_seconds``."""

    often: Sequence[Chore]
    seldom: Sequence[Chore]
    seldom_seconds: float
    clock: Callable[[], float] = time.monotonic
    _seldom_at: float = float("-inf")

    async def turn(self, stop: asyncio.Event) -> None:
        """Do what is due; one chore's failure does not keep the others from running."""
        chores = list(self.often)
        if self.clock() - self._seldom_at >= self.seldom_seconds:
            self._seldom_at = self.clock()
            chores += self.seldom
        for chore in chores:
            if stop.is_set():
                return
            try:
                await chore()
            except Exception:
                log.exception("chore failed", chore=repr(chore))
