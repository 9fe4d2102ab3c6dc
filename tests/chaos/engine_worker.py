"""A worker process of the engine's siege, with handlers that leave traces: ``engine_worker.py DSN NAME NOTES``.

Nobody rings it: it looks for work by itself. What it writes goes into the table ``effects``, which takes everything.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import ClassVar, cast
from uuid import UUID

from infra.postgres.away import DatabaseAway, answering
from infra.postgres.database import Database, Transaction
from infra.runtime.runtime import Runtime
from schemas.problem import Problem, ProblemClass
from services.jobs.commanding.enforce_wishes import enforce_wishes
from services.jobs.engine.settle import LeaseLost, hold
from services.jobs.engine.terms import Terms
from services.jobs.engine.worker import Worker
from services.jobs.function import Working
from services.jobs.job import Also, Done, Job, Outcome, Resume, Snooze, Work
from services.jobs.kinds import Kinds
from services.jobs.progress import Reporter
from services.jobs.sweep import sweep

QUEUE = "siege"
LEASE_SECONDS = 1.5
LOOK_SECONDS = 0.2
EFFECTS = "CREATE TABLE effects (job_id uuid, attempt int, part text, token bigint)"
TERMS = Terms(retry_base_seconds=0.1, retry_cap_seconds=0.5, timeout_seconds=60.0)


class Doomed(Problem):
    """What such a job always ends with."""

    code: ClassVar[str] = "DOOMED"


class Stumbled(Problem):
    """What passes."""

    code: ClassVar[str] = "STUMBLED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY


def trace(job: Job, part: str = "end") -> Also:
    """Write down that a part of a job was done, and by which hold on it."""

    async def write(tx: Transaction) -> None:
        await tx.execute("INSERT INTO effects VALUES ($1, $2, $3, $4)", job.id, job.attempt, part, job.lease_token)

    return write


class Mill:
    """A way of working for each kind. ``payload["size"]`` says how much, ``payload["seconds"]`` how long."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reporter = Reporter(database)

    def work(self) -> dict[str, Work]:
        one_by_one = (self.plain, self.effect, self.stumble, self.snooze, self.parts, self.long, self.doomed)
        work = {run.__name__: _work(run) for run in (*one_by_one, self.assassin, self.late)}
        return {**work, "batch": Work(run_many=self.batch, announce=True)}

    async def plain(self, job: Job) -> Outcome:
        await asyncio.sleep(_seconds(job))
        return Done(result={"token": job.lease_token})

    async def effect(self, job: Job) -> Outcome:
        await asyncio.sleep(_seconds(job))
        return Done(also=trace(job))

    async def stumble(self, job: Job) -> Outcome:
        await asyncio.sleep(job.payload["seconds"] / 4)
        if job.tries < job.payload["size"]:
            raise Stumbled
        return Done(also=trace(job))

    async def snooze(self, job: Job) -> Outcome:
        slept = (job.cursor or {"slept": 0})["slept"]
        if slept < job.payload["size"]:
            async with self.database.transaction() as tx:
                await hold(tx, job, progress=10 * slept, step="resting", cursor={"slept": slept + 1})
            return Snooze(seconds=job.payload["seconds"] / 4)
        return Done(also=trace(job))

    async def parts(self, job: Job) -> Outcome:
        parts, all_parts = (job.cursor or {"parts": 0})["parts"], job.payload["size"]
        for part in range(parts, min(parts + 2, all_parts)):
            await asyncio.sleep(job.payload["seconds"] / all_parts)
            async with self.database.transaction() as tx:
                done = part + 1
                await hold(tx, job, progress=100 * done / all_parts, step="grinding", cursor={"parts": done})
                await trace(job, f"part {part}")(tx)
        return Resume() if parts + 2 < all_parts else Done(also=trace(job))

    async def long(self, job: Job) -> Outcome:
        for done in range(20):
            await asyncio.sleep(job.payload["seconds"] / 20)
            await self.reporter.report(job, 5.0 * done, step="first half" if done < 10 else "second half")
        return Done(also=trace(job))

    async def doomed(self, job: Job) -> Outcome:
        await asyncio.sleep(job.payload["seconds"] / 4)
        raise Doomed

    async def late(self, job: Job) -> Outcome:
        await asyncio.Event().wait()
        return Done()

    async def assassin(self, job: Job) -> Outcome:
        if job.claims == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return Done(also=trace(job))

    async def batch(self, jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        await asyncio.sleep(jobs[0].payload["seconds"])
        return {job.id: Done(also=trace(job)) for job in jobs}


def _seconds(job: Job) -> float:
    """Whoever takes it over may need another time than the first."""
    return float(job.payload["seconds"] if job.claims <= 1 else job.payload.get("again", job.payload["seconds"]))


def _work(run: Callable[[Job], Awaitable[Outcome]]) -> Work:
    return Work(run=run, failed=_failed, announce=True)


async def _failed(tx: Transaction, job: Job, problem: Problem) -> None:
    await trace(job)(tx)


async def serve(dsn: str, name: str) -> None:
    """Work and sweep for ever; whatever is not the database's absence ends the process."""
    database = await _connected(dsn)
    work = Mill(database).work()
    worker = Worker(
        database=database,
        queue=QUEUE,
        work=work,
        name=name,
        concurrency=6,
        batch_size=4,
        lease_seconds=LEASE_SECONDS,
        look_seconds=LOOK_SECONDS,
        terms=TERMS,
        random=Random(name),
    )
    await asyncio.gather(
        _again_and_again(lambda: worker.drain(asyncio.Event())),
        _again_and_again(lambda: sweep(database)),
        _again_and_again(lambda: enforce_wishes(kinds=kinds(work), database=database)),
    )


def kinds(work: Mapping[str, Work]) -> Kinds:
    """These kinds, as an installation knows its own."""
    runtime = cast("Runtime", SimpleNamespace(once=lambda build: build(None)))
    working = {name: Working(partial(_built, made), QUEUE, name, lambda _: 1) for name, made in work.items()}
    return Kinds(runtime, working)


def _built(work: Work, _: Runtime) -> Work:
    return work


async def _connected(dsn: str) -> Database:
    while True:
        try:
            with answering(OSError):
                return await Database.connect(dsn, size=4)
        except DatabaseAway:
            await asyncio.sleep(LOOK_SECONDS)


async def _again_and_again(turn: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await turn()
        except DatabaseAway:
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.sleep(LOOK_SECONDS)


def _note_refusals(notes: Path, name: str) -> None:
    """A lease is lost where a write was refused: a line each, which survives the process."""

    def refused(error: LeaseLost) -> None:
        Exception.__init__(error)
        with notes.open("a") as lines:
            lines.write(f"{name}\n")

    LeaseLost.__init__ = refused  # type: ignore[method-assign]


if __name__ == "__main__":
    _dsn, _name, _notes = sys.argv[1:]
    _note_refusals(Path(_notes), _name)
    asyncio.run(serve(_dsn, _name))
