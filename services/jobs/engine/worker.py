"""A worker: claims jobs of one queue, keeps their leases alive, and has them handled."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import structlog

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.telemetry import trace
from services.jobs.engine.finisher import Finisher
from services.jobs.engine.handling import Handling
from services.jobs.engine.leases import Leases
from services.jobs.engine.settle import LeaseLost, put_aside, settle
from services.jobs.engine.terms import Terms
from services.jobs.job import Job, Resume, Work
from services.jobs.store import held

log = structlog.get_logger()

WRITING_SECONDS = 1.0  # work that is done is worth waiting for, but a silent database must not keep a process alive


@dataclass
class Worker:
    """Works one queue. ``drain`` returns when nothing is ready any more; ``bell`` says that there may be more.

    ``concurrency`` jobs are worked at once, ``batch_size`` at most are taken in one claim. While some run, it looks for
    more every ``look_seconds``: a doorbell may be lost.
    """

    database: Database
    queue: str
    work: Mapping[str, Work]
    name: str
    concurrency: int = 10
    batch_size: int = 100
    lease_seconds: float = 45.0
    look_seconds: float = 1.0
    terms: Terms = field(default_factory=Terms)
    random: Random = field(default_factory=Random)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """What a worker is made of."""
        self._changed = asyncio.Event()
        self._empty = False
        self._limited = False
        self._rung = False
        self._finisher = Finisher(self.database, done=self._changed.set)
        self._leases = Leases(self.database, self.lease_seconds, ending=self._finisher.ending)
        self._handling = Handling(
            database=self.database,
            work=self.work,
            finisher=self._finisher,
            terms=self.terms,
            random=self.random,
        )

    async def drain(self, stop: asyncio.Event) -> int:
        """Work until the queue is empty or ``stop`` is set; returns how many jobs were taken.

        When stopped, what is still running is interrupted and given back. Raises what a claim raises, but not while
        something runs: that goes on.
        """
        taken = 0
        helpers = [asyncio.create_task(one) for one in (self.beat(), self._heed(stop), self._answer())]
        try:
            while not stop.is_set():
                taken += (fresh := await self._claim())
                if fresh and not self._empty:
                    continue  # while these begin, the next are on their way
                if not fresh and not self.tasks and not self._rung:
                    break
                await self._wait_for_a_change()
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)
            await self.interrupt()
        return taken

    def adopt(self, job: Job) -> asyncio.Task[None]:
        """Work a job that was claimed elsewhere under this worker's name; ``beat`` must be running."""
        return self._start([job])

    async def beat(self) -> None:
        """Keep the leases of what is held alive, for ever."""
        await self._leases.beat()

    async def interrupt(self) -> None:
        """Stop what runs and give it back. What is done is not given back, but written, if that takes a second."""
        await self._finisher.written(seconds=WRITING_SECONDS)
        await asyncio.sleep(0)  # a task that has not begun would end without giving its job back
        tasks = list(self.tasks)
        for task in tasks:
            if self._leases.wish(task) is None:  # who was interrupted already is just writing that down
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _claim(self) -> int:
        free = min(self.batch_size, self.concurrency - len(self._leases) + self._leaving())
        if free <= 0 or (self._empty and not self._rung and not self._limited and self.tasks):
            return 0
        self._rung = False  # a ring from here on may be for what this claim does not see
        try:
            jobs = await self._take(free)
        except Exception as error:
            if not self.tasks:
                raise
            log.warning("nothing claimed", queue=self.queue, reason=repr(error))
            return 0
        for together in self._handling.together(jobs):
            self._start(together)
        return len(jobs)

    def _leaving(self) -> int:
        """Jobs whose end is being committed need no place any more; under limits they hold theirs until it is."""
        return 0 if self._limited else min(len(self._finisher.ending), self.concurrency)

    async def _take(self, free: int) -> list[Job]:
        lease = self.lease_seconds
        async with self.database.statement() as tx:
            jobs = await held.claim(tx, self.queue, limit=free, lease_seconds=lease, worker=self.name)
        self._empty = len(jobs) < free
        if not jobs:
            async with self.database.transaction() as tx:
                fairly = await held.claim_fairly(tx, self.queue, limit=free, lease_seconds=lease, worker=self.name)
            jobs, self._limited = fairly or [], fairly is not None
            self._empty = not jobs
        return jobs

    def _start(self, jobs: Sequence[Job]) -> asyncio.Task[None]:
        task = asyncio.create_task(self._run(jobs))
        self._leases.keep(jobs, task)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._leases.forget(task)
        self._changed.set()

    async def _run(self, jobs: Sequence[Job]) -> None:
        first = jobs[0]
        of_one = {"job_id": str(first.id), "attempt": first.attempt} if len(jobs) == 1 else {}
        structlog.contextvars.bind_contextvars(kind=first.kind, **of_one)  # a task's context is its own
        try:
            await self._handling.handle(jobs)
        except asyncio.CancelledError:
            for job in jobs:
                with trace.continued(job.traceparent):
                    await self._stopped(job)

    async def _stopped(self, job: Job) -> None:
        try:
            match self._leases.wish(asyncio.current_task()):
                case "cancel":
                    await self._handling.cancel(job)
                case "pause":
                    await put_aside(self.database, job)
                case _:
                    await settle(self.database, job, Resume())
        except LeaseLost:
            log.info("lease lost", queue=self.queue)
        except DatabaseAway as away:
            log.warning("job not given back: its lease runs out", queue=self.queue, reason=away.detail)

    async def _wait_for_a_change(self) -> None:
        try:
            async with asyncio.timeout(self.look_seconds):
                await self._changed.wait()
        except TimeoutError:
            self._empty = False
        self._changed.clear()

    async def _heed(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._changed.set()

    async def _answer(self) -> None:
        while True:
            await self.bell.wait()
            self.bell.clear()
            self._rung = True
            self._changed.set()
