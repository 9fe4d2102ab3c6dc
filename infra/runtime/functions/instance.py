"""A process that learns its end from a signal only: what it has at hand is opened at first use, and closed in time."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import structlog

from infra.runtime.functions.ending import Go, before_ending, leave
from infra.runtime.runtime import Runtime
from schemas.problem import Problem, ProblemClass

END_SECONDS = 6.0  # what a process gets to end by itself; with its server's own leave-taking at most 8 s

log = structlog.get_logger()

Opening = Callable[[], AbstractAsyncContextManager[Runtime]]


class InstanceEnding(Problem):
    """A process that was told to end takes nothing more."""

    code: ClassVar[str] = "INSTANCE_ENDING"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "This process is about to end"
    recovery: ClassVar[str] = "Send it again: another process answers."


class Instance:
    """The runtime of a process whose server knows nothing of it. ``stop`` is set once the process has to end.

    The server hears of the signal only when the runtime is closed: until then it answers what is under way.
    """

    def __init__(self, opening: Opening) -> None:
        self.stop = asyncio.Event()
        self._opening = opening
        self._opened: asyncio.Future[Runtime] | None = None
        self._holding: asyncio.Task[None] | None = None
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def runtime(self) -> Runtime:
        """What the process has at hand. Raises ``InstanceEnding`` and what opening raises; then the next call tries."""
        if self.stop.is_set():
            raise InstanceEnding
        if self._opened is None or (self._opened.done() and self._opened.exception() is not None):
            self._hear()
            self._opened = asyncio.get_running_loop().create_future()
            self._holding = asyncio.create_task(self._hold(self._opened))
        return await asyncio.shield(self._opened)

    def __enter__(self) -> None:
        self._under_way += 1
        self._idle.clear()

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()

    async def _hold(self, opened: asyncio.Future[Runtime]) -> None:
        try:
            async with self._opening() as runtime:
                opened.set_result(runtime)
                await self.stop.wait()
                runtime.stopping.set()
                runtime.doorbell.rouse()
                await self._idle.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    def _hear(self) -> None:
        if self._holding is None:
            before_ending(self._end)

    def _end(self, go: Go) -> None:
        self.stop.set()
        self._ending = asyncio.create_task(self._ended(go))

    async def _ended(self, go: Go) -> None:
        if self._holding is not None:
            _, late = await asyncio.wait([self._holding], timeout=END_SECONDS)
            if late:
                log.warning("the process did not end in time")
                leave()
        go()
