"""A worker: claims jobs of one queue, keeps their leases alive, and settles what became of them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import ClassVar
from uuid import UUID

import structlog

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.jobs.backoff import backoff
from services.jobs.job import Job, Outcome, Work
from services.jobs.settle import LeaseLost, crawl_id, fail, fenced, settle
from services.jobs.store import held

log = structlog.get_logger()

MAX_CLAIMS = 20  # a job that killed this many workers is not given to another
HEARTBEAT_SECONDS = 2.0  # a cancelled job's worker must learn of it within 5 s


class UnknownKind(Problem):
    """No function works jobs of this kind on this queue."""

    code: ClassVar[str] = "UNKNOWN_KIND"
    title: ClassVar[str] = "No function works this kind of job"
    recovery: ClassVar[str] = "Deploy the function that works this kind, then retry the job."


class PoisonJob(Problem):
    """The job ended its worker again and again."""

    code: ClassVar[str] = "POISON_MESSAGE"
    title: ClassVar[str] = "The job ended every worker that took it"
    recovery: ClassVar[str] = "Look at the workers' logs around the times in the job's timeline, then retry it."


class Unexpected(Problem):
    """An error nobody foresaw."""

    code: ClassVar[str] = "INTERNAL"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    tries: ClassVar[int | None] = 3
    title: ClassVar[str] = "An unexpected error"
    recovery: ClassVar[str] = "Look at the log of this job; retry it when the cause is mended."


@dataclass
class Worker:
    """Works one queue. ``drain`` returns when nothing is ready any more."""

    database: Database
    queue: str
    work: Mapping[str, Work]
    name: str
    concurrency: int = 10
    lease_seconds: float = 45.0
    retry_base_seconds: float = 2.0
    retry_cap_seconds: float = 60.0
    random: Random = field(default_factory=Random)
    held: dict[UUID, tuple[Job, asyncio.Task[None]]] = field(default_factory=dict)

    async def drain(self, stop: asyncio.Event) -> int:
        """Work until the queue is empty or ``stop`` is set; returns how many jobs were taken.

        When stopped, what is still running is interrupted and given back.
        """
        taken = 0
        beating = asyncio.create_task(self.beat())
        try:
            while not stop.is_set():
                taken += (fresh := await self._claim())
                if not fresh and not self.held:
                    break
                await self._wait_for_a_change(stop)
        finally:
            beating.cancel()
            await self.interrupt()
        return taken

    async def _claim(self) -> int:
        free = self.concurrency - len(self.held)
        if free <= 0:
            return 0
        async with self.database.transaction() as tx:
            jobs = await held.claim(tx, self.queue, limit=free, lease_seconds=self.lease_seconds, worker=self.name)
        for together in self._grouped(jobs):
            task = asyncio.create_task(self._run(together))
            self.held.update({job.id: (job, task) for job in together})
        return len(jobs)

    def _grouped(self, jobs: Sequence[Job]) -> list[list[Job]]:
        many = [job for job in jobs if (work := self.work.get(job.kind)) is not None and work.run_many is not None]
        groups: dict[str, list[Job]] = {}
        for job in many:
            groups.setdefault(job.kind, []).append(job)
        return [*groups.values(), *([job] for job in jobs if job not in many)]

    async def _wait_for_a_change(self, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        tasks = [task for _, task in self.held.values()]
        await asyncio.wait([stopping, *tasks], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    def adopt(self, job: Job) -> asyncio.Task[None]:
        """Work a job that was claimed elsewhere under this worker's name; ``beat`` must be running."""
        task = asyncio.create_task(self._run([job]))
        self.held[job.id] = (job, task)
        return task

    async def _run(self, jobs: Sequence[Job]) -> None:
        first = jobs[0]
        with structlog.contextvars.bound_contextvars(crawl_id=crawl_id(first), kind=first.kind, attempt=first.attempt):
            try:
                await self._work(jobs)
            except LeaseLost:
                log.info("lease lost", queue=first.queue)
            except asyncio.CancelledError:
                for job in jobs:
                    await self._give_back(job)
            except Exception:
                # the database is away, most likely: the lease runs out and somebody takes the job again
                log.exception("job could not be settled", queue=first.queue)
            finally:
                for job in jobs:
                    self.held.pop(job.id, None)

    async def _work(self, jobs: Sequence[Job]) -> None:
        try:
            outcomes = await self._handle(jobs)
        except LeaseLost:
            raise
        except Problem as problem:
            await self._each(jobs, partial(self._failed, problem=problem))
        except Exception as error:
            log.exception("unexpected error", queue=self.queue)
            unexpected = Unexpected(f"{type(error).__name__}: {error}"[:500])
            await self._each(jobs, partial(self._failed, problem=unexpected))
        else:
            await self._each(jobs, lambda job: settle(self.database, job, outcomes[job.id]))

    async def _each(self, jobs: Sequence[Job], write: Callable[[Job], Awaitable[None]]) -> None:
        for job in jobs:
            try:
                await write(job)
            except LeaseLost:
                # one job of a batch may be lost to somebody else; the others are still held
                if len(jobs) == 1:
                    raise
                log.info("lease lost", queue=self.queue, crawl_id=crawl_id(job))

    async def _handle(self, jobs: Sequence[Job]) -> Mapping[UUID, Outcome]:
        work = self._handler(jobs[0])
        if work.run_many is not None:
            return await work.run_many(jobs)
        assert work.run is not None  # noqa: S101  # work is done one by one or together
        return {jobs[0].id: await work.run(jobs[0])}

    def _handler(self, job: Job) -> Work:
        if job.claims > MAX_CLAIMS:
            raise PoisonJob(f"{job.claims - 1} workers ended while they held it")
        if job.kind not in self.work:
            raise UnknownKind(f"Nothing works kind {job.kind!r} on queue {job.queue!r}")
        return self.work[job.kind]

    async def _failed(self, job: Job, problem: Problem) -> None:
        allowed = job.max_tries if problem.tries is None else problem.tries
        if problem.retryable and job.tries + 1 < allowed:
            await self._retry(job, problem)
        else:
            await fail(self.database, job, problem, work=self.work.get(job.kind))

    async def _retry(self, job: Job, problem: Problem) -> None:
        seconds = backoff(
            problem, tries=job.tries, base=self.retry_base_seconds, cap=self.retry_cap_seconds, random=self.random
        )
        log.warning("job will be retried", code=problem.code, detail=problem.detail, seconds=seconds)
        async with self.database.transaction() as tx:
            fenced(await held.retry(tx, job, problem, seconds=seconds))

    async def _give_back(self, job: Job) -> None:
        async with self.database.transaction() as tx:
            await held.give_back(tx, job)

    async def beat(self) -> None:
        """Keep the leases of what is held alive, for ever."""
        while True:
            await asyncio.sleep(min(HEARTBEAT_SECONDS, self.lease_seconds / 3))
            if not self.held:
                continue
            try:
                await self._beat()
            except Exception:
                # a missed beat is what leases are for; the next one may get through
                log.warning("heartbeat failed", queue=self.queue, exc_info=True)

    async def _beat(self) -> None:
        tokens = {job.id: job.lease_token for job, _ in self.held.values()}
        async with self.database.transaction() as tx:
            alive = await held.heartbeat(tx, tokens, lease_seconds=self.lease_seconds)
        for job_id in tokens.keys() - alive.keys():
            if job_id in self.held and self.held[job_id][0].lease_token == tokens[job_id]:
                log.info("lease lost", queue=self.queue, crawl_id=crawl_id(self.held[job_id][0]))
                self.held[job_id][1].cancel()

    async def interrupt(self) -> None:
        """Stop what runs and give it back."""
        tasks = [task for _, task in self.held.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
