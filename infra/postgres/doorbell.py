"""Doorbells: "there may be work". They may be lost or doubled; whoever waits also looks by itself."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from infra.postgres.database import Commit, Database

log = structlog.get_logger()

Carry = Callable[[Sequence[str]], Awaitable[None]]

CHANNEL = "headrace"

_PAUSE_SECONDS = 0.005  # who was just woken looks anyway: of many rings in a row, the first counts
_CARRYING_SECONDS = 0.05  # each ring that is carried is a message and a request

# Nobody waits for the disk because of a ring: it may be lost.
_RING = "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, $2)"


class Doorbell:
    """Rings queues in this process at once, and in others by one coalesced notification after the commit.

    Notifying inside the transaction would serialise all commits behind one lock. ``carry`` brings what rings to those
    who cannot listen, because they only run while they are called.
    """

    carry: Carry | None = None

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told = asyncio.Event()
        self._told.set()
        self._bells: dict[str, asyncio.Event] = {}
        self._outgoing: set[str] = set()
        self._roused = False
        self._posting: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        database.listeners.append(self._heard)

    def bell(self, queue: str) -> asyncio.Event:
        """The event that is set when the queue rings; whoever answers clears it."""
        return self._bells.setdefault(queue, asyncio.Event())

    def ring(self, *queues: str) -> None:
        """Wake whoever answers these queues, here and in other processes."""
        if not queues:
            return
        self._wake(queues)
        if not self._outgoing:
            self._told = asyncio.Event()
        self._outgoing.update(queues)
        if self._posting is None or self._posting.done():
            self._posting = asyncio.create_task(self._post())

    async def wait(self, queue: str, *, timeout: float) -> None:  # noqa: ASYNC109  # a wait that may end without a ring
        """Wait for the bell of a queue, ``timeout`` seconds at most; not at all once everybody was roused."""
        if self._roused:
            return
        bell = self.bell(queue)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bell.wait(), timeout)
        bell.clear()

    def rouse(self) -> None:
        """Wake whoever waits here or is about to, for whatever queue: the process is to stop."""
        self._roused = True
        self._wake(list(self._bells))

    async def settle(self) -> None:
        """Wait until what was rung so far was told: with an answer, the processor may be taken away."""
        await self._told.wait()

    async def open(self) -> None:
        """Start to hear what other processes ring."""
        self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """Stop listening and posting, for good."""
        with contextlib.suppress(ValueError):
            self._database.listeners.remove(self._heard)
        tasks = [task for task in (self._listening, self._posting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._told.set()

    def _heard(self, commit: Commit) -> None:
        if commit.queues:
            self.ring(*commit.queues)

    def _wake(self, queues: Any) -> None:
        for queue in queues:
            self.bell(queue).set()

    async def _post(self) -> None:
        while self._outgoing:
            queues, self._outgoing, told = self._outgoing, set(), self._told
            try:
                await self._tell(sorted(queues))
            finally:
                told.set()
            await asyncio.sleep(_PAUSE_SECONDS if self.carry is None else _CARRYING_SECONDS)

    async def _tell(self, queues: list[str]) -> None:
        ways = [self._notify(queues)] if self.carry is None else [self._notify(queues), self.carry(queues)]
        for lost in await asyncio.gather(*ways, return_exceptions=True):
            if lost is not None:
                # a lost doorbell costs a second, or a tick: whoever waits looks by itself
                log.warning("doorbell lost", queues=queues, exc_info=lost)

    async def _notify(self, queues: list[str]) -> None:
        await self._database.pool.execute(_RING, CHANNEL, ",".join(queues))

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_once()
            except Exception:
                log.warning("doorbell deaf, listening again", exc_info=True)
                await asyncio.sleep(1)

    async def _listen_once(self) -> None:
        async with self._database.pool.acquire() as connection:
            gone = asyncio.Event()

            def heard(*args: Any) -> None:
                self._wake(args[3].split(","))

            connection.add_termination_listener(lambda _: gone.set())
            await connection.add_listener(CHANNEL, heard)
            try:
                await gone.wait()
            finally:
                await connection.remove_listener(CHANNEL, heard)
