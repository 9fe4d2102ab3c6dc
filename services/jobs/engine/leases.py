"""The leases a worker holds: kept alive while their jobs are worked, given up when somebody else has them."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import structlog

from infra.postgres.database import Database
from services.jobs.job import Job
from services.jobs.store import held

log = structlog.get_logger()

HEARTBEAT_SECONDS = 2.0  # a cancelled job's worker must learn of it within 5 s


@dataclass
class Leases:
    """Jobs in hand, by the task that works them. A job that was lost and claimed anew is two of them.

    Of those that are ``ending`` nobody can say before the answer comes whether the lease was lost or the end written.
    """

    database: Database
    seconds: float
    ending: Collection[held.Lease] = ()
    held: dict[asyncio.Task[None], list[Job]] = field(default_factory=dict)
    wishes: dict[asyncio.Task[None], str] = field(default_factory=dict)
    _count: int = 0

    def __len__(self) -> int:
        return self._count

    def keep(self, jobs: Sequence[Job], task: asyncio.Task[None]) -> None:
        """Keep these alive from now on, until the task is forgotten."""
        self.held[task] = list(jobs)
        self._count += len(jobs)

    def forget(self, task: asyncio.Task[None]) -> None:
        """The task is over."""
        self._count -= len(self.held.pop(task, ()))
        self.wishes.pop(task, None)

    def wish(self, task: asyncio.Task[None] | None) -> str | None:
        """What was wanted of the job when its task was interrupted."""
        return self.wishes.get(task) if task is not None else None

    async def beat(self) -> None:
        """Keep what is held alive, for ever."""
        while True:
            await asyncio.sleep(min(HEARTBEAT_SECONDS, self.seconds / 3))
            if not self.held:
                continue
            try:
                await self._beat()
            except Exception as error:  # noqa: BLE001  # a missed beat is what leases are for; the next may get through
                log.warning("heartbeat failed", reason=repr(error))

    async def _beat(self) -> None:
        tasks = list(self.held)
        leases = [(job.id, job.lease_token) for task in tasks for job in self.held[task]]
        async with self.database.statement() as tx:
            alive = await held.heartbeat(tx, leases, lease_seconds=self.seconds)
        for task in tasks:
            for job in list(self.held.get(task, ())):
                lease = (job.id, job.lease_token)
                if lease not in alive:
                    if lease not in self.ending and not task.done():
                        self._lost(job, task)
                elif (wish := alive[lease]) is not None and task not in self.wishes:
                    self._wanted(job, task, wish)

    def _wanted(self, job: Job, task: asyncio.Task[None], wish: str) -> None:
        # jobs that are worked together cannot be stopped one by one: the sweep takes this one away
        if len(self.held[task]) == 1:
            log.info("job interrupted", wish=wish, job_id=str(job.id))
            self.wishes[task] = wish
            task.cancel()

    def _lost(self, job: Job, task: asyncio.Task[None]) -> None:
        log.info("lease lost", queue=job.queue, job_id=str(job.id))
        self.held[task].remove(job)
        self._count -= 1
        # A batch goes on for the jobs it still holds: what it writes for the lost one is refused.
        if not self.held[task]:
            task.cancel()
