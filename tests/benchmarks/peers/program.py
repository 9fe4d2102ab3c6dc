"""What every program of the comparison must do, and what a job's body notes."""

import asyncio
import os
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import asyncpg

Begin = Callable[[float], None]
"""The body of a no-op job: called with the moment its enqueue call began."""
Busy = Callable[[], Awaitable[bool]]


class Client(Protocol):
    """Queues jobs; ``moments`` are their payloads."""

    async def one(self, moment: float) -> None:
        """One job, safe when this returns."""

    async def many(self, moments: Sequence[float]) -> None:
        """Many in the program's own batch call."""


class Program(Protocol):
    """One queue with one configuration, on a store of its own at an address."""

    async def prepare(self, address: str) -> None:
        """Make the empty store ready."""

    def client(self, address: str, *, callers: int = 1) -> AbstractAsyncContextManager[Client]:
        """Somebody who queues jobs; so many tasks use it at once."""

    async def work(self, address: str, begin: Begin, stop: asyncio.Event) -> None:
        """One worker, until ``stop`` is set or the process is ended."""

    def watch(self, address: str) -> AbstractAsyncContextManager[Busy]:
        """Somebody who sees whether a job is not over, as far as others may know."""


class Note(NamedTuple):
    """One start of a job: monotonic seconds, and the CPU seconds the worker had used (first note only)."""

    enqueued: float
    started: float
    cpu: float


_NOTE = struct.Struct("ddd")


@dataclass
class Notebook:
    """Where bodies write their starts; read by whoever measures."""

    path: Path
    _file: int = field(init=False, default=-1)

    def begin(self, moment: float) -> None:
        """What a job does."""
        started, cpu = time.monotonic(), 0.0
        if self._file < 0:
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            cpu = time.process_time()
        os.write(self._file, _NOTE.pack(moment, started, cpu))

    def count(self) -> int:
        """How many jobs began."""
        return self.path.stat().st_size // _NOTE.size if self.path.exists() else 0

    def notes(self) -> list[Note]:
        """All starts, in their order."""
        return [Note(*one) for one in _NOTE.iter_unpack(self.path.read_bytes())]


@asynccontextmanager
async def asking(address: str, question: str) -> AsyncIterator[Busy]:
    """A ``watch`` that asks PostgreSQL."""
    connection = await asyncpg.connect(address)

    async def busy() -> bool:
        return bool(await connection.fetchval(question))

    yield busy
    await connection.close()
