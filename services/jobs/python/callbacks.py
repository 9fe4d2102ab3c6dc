"""Callbacks of the Python face: called for every update of every job, whichever process works it."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

import structlog

from infra.postgres.database import Database
from infra.postgres.log_cursor import Cursor
from services.jobs.python.hosting import Host, ProcessorStopped
from services.jobs.python.processing import ProcessingProgress, update
from services.jobs.store.lines import LINES, Watched

Callback = Callable[[ProcessingProgress], None]

PAGE = 500
LOOK_SECONDS = 0.25
PATIENCE_SECONDS = 5.0

log = structlog.get_logger()


class Callbacks:
    """Calls from one thread, in the order in which the updates were committed.

    A slow callback delays the others and loses nothing: what it has not heard yet stays in the log.
    """

    def __init__(self, host: Host, *, tenant: str) -> None:
        self._host = host
        self._wanted = Watched(tenant=tenant)
        self._callbacks: list[Callback] = []
        self._registering = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopping = asyncio.Event()
        self._place = Cursor(0, 0, 0)

    def register(self, callback: Callback) -> None:
        """Call it with everything that happens from now on. Raises ``ProcessorStopped``, ``DatabaseAway``."""
        with self._registering:
            place = self._host.run(_end(self._host.runtime.database))
            if self._thread is None:
                self._place = place
                self._thread = threading.Thread(target=self._call, name="headrace-callbacks", daemon=True)
                self._thread.start()
            self._callbacks.append(callback)

    def stop(self) -> None:
        """Call with what has happened until now, and no more; a callback that does not return is left behind."""
        if self._thread is None:
            return
        self._host.run(self._told_to_stop())
        if self._thread is not threading.current_thread():
            self._thread.join(PATIENCE_SECONDS)
            if self._thread.is_alive():
                log.warning("a progress callback does not return: it is left behind")

    def _call(self) -> None:
        with contextlib.suppress(ProcessorStopped):
            while (told := self._host.run(self._next())) is not None:
                for one in told:
                    self._tell(one)

    def _tell(self, one: ProcessingProgress) -> None:
        for callback in tuple(self._callbacks):
            try:
                callback(one)
            except (Exception, SystemExit):  # whoever leaves leaves alone: the others go on being called
                log.exception("a progress callback failed", job_id=one.job_id)

    async def _told_to_stop(self) -> None:
        self._stopping.set()

    async def _next(self) -> list[ProcessingProgress] | None:
        """The next updates; None when no more are wanted."""
        while True:
            last = self._stopping.is_set()
            if found := await self._page():
                return found
            if last:
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_SECONDS)

    async def _page(self) -> list[ProcessingProgress]:
        try:
            async with self._host.runtime.database.reading() as tx:
                told = await LINES.page(tx, self._place, self._wanted, limit=PAGE)
        except Exception as error:  # noqa: BLE001  # who calls must live: what is not told yet stays in the log
            log.warning("progress is told later", reason=repr(error))
            return []
        if told:
            self._place = told[-1].cursor
        return [update(one.line) for one in told]


async def _end(database: Database) -> Cursor:
    async with database.reading() as tx:
        return await LINES.end(tx)
