"""The live end of a log: one look at the database a process, however many listen."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar, Generic

import structlog

from infra.postgres.database import Commit, Database
from infra.postgres.log import Line, Log, Told, Wanted
from infra.postgres.log_cursor import Cursor
from infra.runtime.events.listener import Listener
from schemas.problem import Problem, ProblemClass

QUEUE = 256  # lines a listener may be behind
LISTENERS = 1000
REST_S = 0.02  # between two looks: what is committed meanwhile is read at once
CALM_S = 5.0  # nothing was told for so long: looks become seldom
PATIENCE_S = 2.0  # how long a burst waits for its slowest reader
_PAGE = 500

log = structlog.get_logger()


class TooManyStreams(Problem):
    """The process has as many listeners as it can serve."""

    code: ClassVar[str] = "TOO_MANY_STREAMS"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many open streams"
    recovery: ClassVar[str] = "Close streams that are not needed, wait, and connect again; or read page by page."


class Feed(Generic[Line]):
    """Reads the log while somebody listens: at once after commits of this process that it ``hears``, else by itself.

    That is every ``busy_s`` seconds while lines come, every ``idle_s`` when none came for a while.
    """

    def __init__(
        self,
        database: Database,
        log: Log[Line],
        *,
        hears: Callable[[Commit], bool] = lambda _: True,
        busy_s: float = 0.25,
        idle_s: float = 1.0,
        queue: int = QUEUE,
        listeners: int = LISTENERS,
    ) -> None:
        self.database = database
        self.log = log
        self._hears = hears
        self._busy_s = busy_s
        self._idle_s = idle_s
        self._queue = queue
        self._some = max(1, queue // 4)  # lines told at once
        self._most = listeners
        self._listeners: set[Listener[Line]] = set()
        self._place = Cursor(0, 0, 0)
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._bell = asyncio.Event()
        self._closed = False
        database.listeners.append(self._heard)

    @property
    def readers(self) -> int:
        """How many listen now."""
        return len(self._listeners)

    def check_room(self) -> None:
        """Raise ``TooManyStreams`` when nobody else can listen."""
        if len(self._listeners) >= self._most:
            raise TooManyStreams(retry_after=30)

    @asynccontextmanager
    async def listening(self, wanted: Wanted[Line]) -> AsyncIterator[Listener[Line]]:
        """Hear of every line that is settled after the block began, and perhaps of a few that were before."""
        listener = Listener(wanted, self._queue)
        listener.closed = self._closed
        async with self._starting:
            if self._reading is None:
                async with self.database.reading() as tx:
                    self._place = await self.log.end(tx)
                self._reading = asyncio.create_task(self._read())
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reading is not None:
                self._reading.cancel()
                self._reading = None

    async def kept(self, place: Cursor, wanted: Wanted[Line]) -> AsyncIterator[Told[Line]]:
        """What is settled after a place, to the end of now."""
        full = True
        while full:
            async with self.database.reading() as tx:
                found = await self.log.page(tx, place, wanted, limit=_PAGE)
            for told in found:
                place = told.cursor
                yield told
            full = len(found) == _PAGE

    def close(self) -> None:
        """End all streams, now and later."""
        self._closed = True
        with contextlib.suppress(ValueError):
            self.database.listeners.remove(self._heard)
        for listener in self._listeners:
            listener.close()

    def _heard(self, commit: Commit) -> None:
        if self._hears(commit):
            self._bell.set()

    async def _read(self) -> None:
        told_at = time.monotonic()
        while True:
            self._bell.clear()
            try:
                while found := await self._pass_on():
                    told_at = time.monotonic()
                    if found < _PAGE:
                        break
            except Exception:
                # Listeners stay: what they miss meanwhile is read when the database is back.
                log.warning("a log cannot be read", table=self.log.table, exc_info=True)
            await asyncio.sleep(min(REST_S, self._busy_s))
            calm = time.monotonic() - told_at > CALM_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), self._idle_s if calm else self._busy_s)

    async def _pass_on(self) -> int:
        async with self.database.reading() as tx:
            found = await self.log.page(tx, self._place, None, limit=_PAGE)
        for first in range(0, len(found), self._some):
            await self._room_for_some()
            for told in found[first : first + self._some]:
                self._place = told.cursor
                for listener in self._listeners:
                    listener.offer(told)
        return len(found)

    async def _room_for_some(self) -> None:
        """Let who reads at all catch up; who does not is cut off, so that the others need not wait for it again."""
        until = time.monotonic() + PATIENCE_S
        while slow := [listener for listener in self._listeners if listener.room < self._some]:
            if time.monotonic() > until:
                for listener in slow:
                    listener.lose()
                return
            await asyncio.sleep(0.001)
