"""Work that is rung for: done once at a time, however often it rings."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from contextvars import Context

Work = Callable[[asyncio.Event], Awaitable[None]]


class Rounds:
    """Rings during a round make it one more, and all who rang are answered together.

    A round is told to stop after ``seconds``, or as soon as ``stop`` is set; ``left`` then hears of what may be left.
    """

    def __init__(self, work: Work, *, stop: asyncio.Event, seconds: float, left: Callable[[], None]) -> None:
        self._work = work
        self._stop = stop
        self._seconds = seconds
        self._left = left
        self._again = False
        self._running: asyncio.Task[None] | None = None

    async def ring(self) -> None:
        """Returns when work was done that began after this ring, or was stopped. Raises what the work raises."""
        self._again = True
        if self._running is None or self._running.done():
            # in no request's context: it works for all of them
            self._running = asyncio.create_task(self._run(), context=Context())
        await asyncio.shield(self._running)

    async def _run(self) -> None:
        over = asyncio.Event()
        ending = asyncio.create_task(self._ends(over))
        try:
            while self._again and not over.is_set():
                self._again = False
                await self._work(over)
        finally:
            ending.cancel()
            if over.is_set():
                self._left()

    async def _ends(self, over: asyncio.Event) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stop.wait(), self._seconds)
        over.set()
