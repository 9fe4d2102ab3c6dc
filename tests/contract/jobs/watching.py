"""Readers of a stream of jobs, and writers of what they read."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from infra.postgres.database import Database, Transaction
from infra.postgres.log_cursor import Cursor
from infra.runtime.events.feed import Feed
from services.jobs.job import Job
from services.jobs.reading.stream_jobs import stream_jobs
from services.jobs.store import held
from services.jobs.store.lines import LINES, Line, Watched

ALL = Watched(tenant="default")


def feed(database: Database, **changes: Any) -> Feed[Line]:
    return Feed(database, LINES, **{"busy_s": 0.02, "idle_s": 0.02, **changes})


@dataclass
class Watcher:
    """Reads a stream and remembers every update: its place and its data. Frames are kept as they came."""

    frames: AsyncIterator[Any]
    had: list[bytes] = field(default_factory=list)
    notices: list[Any] = field(default_factory=list)

    @classmethod
    async def of(cls, feed: Feed[Line], *, watched: Watched = ALL, after: Cursor | None = None) -> "Watcher":
        """A watcher that has read what is there; from here on it hears of what happens."""
        made = cls(stream_jobs(watched, after=after, feed=feed))
        made.notices.append(await anext(made.frames))
        while after is None and "id" not in made.notices[-1]:
            made.notices.append(await anext(made.frames))
        return made

    async def read(self, count: int) -> None:
        while len(self.had) < count:
            frame = await anext(self.frames)
            (self.had if isinstance(frame, bytes) else self.notices).append(frame)

    async def read_to_the_end(self) -> None:
        async for frame in self.frames:
            (self.had if isinstance(frame, bytes) else self.notices).append(frame)


def decoded(frame: bytes) -> tuple[Cursor, dict[str, Any]]:
    """Place and data of an update."""
    fields = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines())
    assert fields["event"] == "job_update"
    return Cursor.parse(fields["id"]), json.loads(fields["data"])


async def progress(tx: Transaction, job: Job, percent: float) -> None:
    assert await held.checkpoint(tx, job, None, progress=percent, step=None)


async def work(database: Database, job: Job, *, lines: int) -> None:
    """Progress of one job, each in a transaction that takes its time between its write and its end."""
    for number in range(1, lines + 1):
        async with database.transaction() as tx:
            await progress(tx, job, 100.0 * number / lines)
            await asyncio.sleep(0.001 * (number % 4))


async def places(database: Database) -> list[tuple[UUID, float]]:
    """What every reader must have read: job and progress of each line, in the order of their numbers."""
    rows = await database.pool.fetch("SELECT job_id, progress FROM job_events WHERE type = 'progress' ORDER BY id")
    return [(row["job_id"], row["progress"]) for row in rows]
