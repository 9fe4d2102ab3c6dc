"""The live end of the event log: one look at the database a process, however many listen."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import structlog

from infra.postgres.database import Commit, Database
from schemas.problem import Problem, ProblemClass
from services.events.cursor import Cursor
from services.events.store import log as event_log
from services.events.store.log import Told, Wanted

QUEUE = 256  # events a listener may be behind
LISTENERS = 1000
_PAGE = 500
_EVERYTHING = Wanted(tenant=None)

log = structlog.get_logger()


class TooManyStreams(Problem):
    """The process has as many listeners as it can serve."""

    code: ClassVar[str] = "TOO_MANY_STREAMS"
    kind: ClassVar[ProblemClass] = ProblemClass.QUOTA
    status: ClassVar[int] = 429
    title: ClassVar[str] = "Too many open streams"
    recovery: ClassVar[str] = "Close streams that are not needed, wait, and connect again; or read GET /api/v1/events."


class Listener:
    """One reader's queue. ``lost`` says that it was too slow: what it has is in order, what follows is missing."""

    def __init__(self, wanted: Wanted, size: int) -> None:
        self.lost = False
        self.closed = False
        self._wanted = wanted
        self._size = size
        self._told: deque[Told] = deque()
        self._news = asyncio.Event()

    def offer(self, told: Told) -> None:
        """Queue an event, or mark the listener lost when there is no room."""
        if self.lost or told.event not in self._wanted:
            return
        if len(self._told) < self._size:
            self._told.append(told)
        else:
            self.lost = True
        self._news.set()

    def close(self) -> None:
        """Tell the reader that nothing follows."""
        self.closed = True
        self._news.set()

    async def next(self, timeout: float) -> Told | None:  # noqa: ASYNC109  # ending without an event is no error
        """The next event; None when there is none within ``timeout`` seconds, or nothing follows."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while not self._told and not self.lost and not self.closed:
                    self._news.clear()
                    await self._news.wait()
        return self._told.popleft() if self._told and not self.closed else None


class Feed:
    """Reads the log while somebody listens, at once after commits of this process and every ``poll_s`` seconds."""

    def __init__(
        self, database: Database, *, poll_s: float = 0.5, queue: int = QUEUE, listeners: int = LISTENERS
    ) -> None:
        self._database = database
        self._poll_s = poll_s
        self._queue = queue
        self._most = listeners
        self._listeners: set[Listener] = set()
        self._place = Cursor(0, 0, 0)
        self._reading: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._bell = asyncio.Event()
        self._closed = False
        database.listeners.append(self._heard)

    def check_room(self) -> None:
        """Raise ``TooManyStreams`` when nobody else can listen."""
        if len(self._listeners) >= self._most:
            raise TooManyStreams(retry_after=30)

    @asynccontextmanager
    async def listening(self, wanted: Wanted) -> AsyncIterator[Listener]:
        """Hear of every event that is settled after the block began, and perhaps of a few that were before."""
        listener = Listener(wanted, self._queue)
        listener.closed = self._closed
        async with self._starting:
            if self._reading is None:
                async with self._database.reading() as tx:
                    self._place = await event_log.end(tx)
                self._reading = asyncio.create_task(self._read())
            self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reading is not None:
                self._reading.cancel()
                self._reading = None

    def close(self) -> None:
        """End all streams, now and later."""
        self._closed = True
        with contextlib.suppress(ValueError):
            self._database.listeners.remove(self._heard)
        for listener in self._listeners:
            listener.close()

    def _heard(self, commit: Commit) -> None:
        if commit.events:
            self._bell.set()

    async def _read(self) -> None:
        while True:
            self._bell.clear()
            try:
                while await self._pass_on() == _PAGE:
                    pass
            except Exception:
                # Listeners stay: what they miss meanwhile is read when the database is back.
                log.warning("the event log cannot be read", exc_info=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), self._poll_s)

    async def _pass_on(self) -> int:
        async with self._database.reading() as tx:
            found = await event_log.page(tx, self._place, _EVERYTHING, limit=_PAGE)
        for told in found:
            self._place = told.cursor
            for listener in self._listeners:
                listener.offer(told)
        return len(found)
