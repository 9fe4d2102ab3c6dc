"""The job engine over a real database, and what tests do with it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any
from uuid import UUID, uuid4

from infra.postgres.database import Database, Transaction
from schemas.events.crawl_failed import CrawlFailed
from schemas.problem import Problem, ProblemClass
from services.jobs.engine.terms import Terms
from services.jobs.engine.worker import Worker
from services.jobs.job import Done, Job, NewJob, Outcome, Work
from services.jobs.store import held, queue
from services.jobs.sweep import sweep

PATIENCE = 10.0
TERMS = Terms.__struct_fields__
EVENT = CrawlFailed(crawl_id="c", attempt=1, error="e", code="TIMEOUT", stage="s", recovery="r")


class Passing(Problem):
    code = "PASSING"
    kind = ProblemClass.RETRY


class Final(Problem):
    code = "FINAL"
    kind = ProblemClass.DATA


async def until(condition: Callable[[], Awaitable[Any]], *, patience: float = PATIENCE) -> Any:
    """What the condition answers as soon as it is true."""
    async with asyncio.timeout(patience):
        while not (answer := await condition()):  # noqa: ASYNC110  # a database sets no events
            await asyncio.sleep(0.01)
    return answer


async def done(job: Job) -> Outcome:
    return Done()


async def record(tx: Transaction) -> None:
    await tx.record(EVENT, tenant="default")


async def for_ever(job: Job) -> Outcome:
    await asyncio.Event().wait()
    return Done()


def failing(error: Exception) -> Callable[[Job], Awaitable[Outcome]]:
    async def run(job: Job) -> Outcome:
        raise error

    return run


class Desk:
    """Queues jobs, looks at them, and hands out workers."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def queue(self, count: int = 1, **changes: Any) -> list[UUID]:
        jobs = [NewJob(**{"id": uuid4(), "kind": "k", "queue": "q", **changes}) for _ in range(count)]
        async with self.database.transaction() as tx:
            for job in jobs:
                await queue.enqueue(tx, job)
        return [job.id for job in jobs]

    async def claim(self, limit: int = 1, *, queue: str = "q", lease: float = 45.0, worker: str = "w") -> list[Job]:
        async with self.database.transaction() as tx:
            jobs = await held.claim(tx, queue, limit=limit, lease_seconds=lease, worker=worker)
            return jobs or await held.claim_fairly(tx, queue, limit=limit, lease_seconds=lease, worker=worker) or []

    async def held(self, **changes: Any) -> Job:
        """A job in hand."""
        await self.queue(**changes)
        [job] = await self.claim()
        return job

    async def zombie(self, **changes: Any) -> Job:
        """A job as its holder knows it, after the lease ran out and somebody else took it."""
        job = await self.held(**changes)
        await self.change(job.id, "state = 'ready', lease_token = lease_token + 1, lease_until = NULL, worker = NULL")
        await self.claim(worker="other")
        return job

    async def change(self, job_id: UUID, assignments: str) -> None:
        await self.database.pool.execute(f"UPDATE jobs SET {assignments} WHERE id = $1", job_id)

    async def row(self, job_id: UUID) -> Any:
        return await self.database.pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job_id)

    async def state(self, job_id: UUID) -> str:
        return str((await self.row(job_id))["state"])

    async def reaches(self, job_id: UUID, state: str) -> None:
        async def there() -> bool:
            return await self.state(job_id) == state

        await until(there)

    async def states(self) -> dict[str, int]:
        found = await self.database.pool.fetch("SELECT state, count(*) AS n FROM jobs GROUP BY state")
        return {row["state"]: row["n"] for row in found}

    async def timeline(self, job_id: UUID) -> list[str]:
        found = await self.database.pool.fetch("SELECT type FROM job_events WHERE job_id = $1 ORDER BY id", job_id)
        return [row["type"] for row in found]

    async def told(self, job_id: UUID) -> list[str]:
        """The timeline without what every job begins with."""
        return [what for what in await self.timeline(job_id) if what not in {"queued", "started"}]

    async def outbox(self) -> int:
        return int(await self.database.pool.fetchval("SELECT count(*) FROM outbox"))

    def worker(self, run: Any = None, *, work: Work | None = None, **changes: Any) -> Worker:
        work = work or Work(run=run or done)
        terms = Terms(**{"retry_base_seconds": 0.01, **{n: changes.pop(n) for n in TERMS if n in changes}})
        given = {"queue": "q", "name": "w", "random": Random(7), "terms": terms, **changes}
        return Worker(database=self.database, work={"k": work}, **given)

    def work(self, **changes: Any) -> Work:
        return Work(**{"run": done, **changes})

    async def wake(self) -> None:
        """Everything that is scheduled is due, and the sweep comes by."""
        await self.database.pool.execute("UPDATE jobs SET due_at = now() WHERE state = 'scheduled'")
        await sweep(self.database)

    async def drain(self, run: Any = None, **changes: Any) -> int:
        """Let a worker work until nothing is ready."""
        return await self.worker(run, **changes).drain(asyncio.Event())

    @asynccontextmanager
    async def draining(self, worker: Worker) -> AsyncIterator[asyncio.Event]:
        """A worker that is stopped at the end of the block, or by its event."""
        stop = asyncio.Event()
        task = asyncio.create_task(worker.drain(stop))
        try:
            yield stop
        finally:
            stop.set()
            await asyncio.wait_for(task, PATIENCE)


class Notes:
    """A handler that remembers which jobs it had."""

    def __init__(self, *, pause: float = 0.0) -> None:
        self.had: list[UUID] = []
        self.inside = self.most = 0
        self._pause = pause

    async def __call__(self, job: Job) -> Outcome:
        self.had.append(job.id)
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(self._pause)
        self.inside -= 1
        return Done()

    async def many(self, jobs: Sequence[Job]) -> dict[UUID, Outcome]:
        self.inside += len(jobs)
        self.most = max(self.most, self.inside)
        await asyncio.sleep(self._pause)
        self.inside -= len(jobs)
        self.had += [job.id for job in jobs]
        return {job.id: Done() for job in jobs}
