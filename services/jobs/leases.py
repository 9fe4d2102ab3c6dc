"""The leases a worker holds: kept alive while their jobs are worked, given up when somebody else has them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import structlog

from infra.postgres.database import Database
from services.jobs.job import Job
from services.jobs.store import held
from services.jobs.store.held import Lease

log = structlog.get_logger()

HEARTBEAT_SECONDS = 2.0  # a cancelled job's worker must learn of it within 5 s


@dataclass
class Leases:
    """Jobs in hand, each with the task that works it. A job that was lost and claimed anew is two of them."""

    database: Database
    seconds: float
    held: dict[Lease, tuple[Job, asyncio.Task[None]]] = field(default_factory=dict)
    wishes: dict[Lease, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.held)

    def keep(self, jobs: Iterable[Job], task: asyncio.Task[None]) -> None:
        """Keep these alive from now on, until the task ends."""
        mine = {(job.id, job.lease_token): (job, task) for job in jobs}
        self.held.update(mine)
        task.add_done_callback(lambda _: self._forget(mine))

    def wish(self, job: Job) -> str | None:
        """What was wanted of a job when its task was interrupted."""
        return self.wishes.get((job.id, job.lease_token))

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
        leases = list(self.held)
        async with self.database.transaction() as tx:
            alive = await held.heartbeat(tx, leases, lease_seconds=self.seconds)
        for lease in leases:
            if lease not in self.held:
                continue
            if lease not in alive:
                self._lost(*self.held.pop(lease))
            elif (wish := alive[lease]) is not None and lease not in self.wishes:
                self._wanted(lease, wish)

    def _wanted(self, lease: Lease, wish: str) -> None:
        job, task = self.held[lease]
        # jobs that are worked together cannot be stopped one by one: the sweep takes this one away
        if sum(other is task for _, other in self.held.values()) == 1:
            log.info("job interrupted", wish=wish, job_id=str(job.id))
            self.wishes[lease] = wish
            task.cancel()

    def _forget(self, leases: Iterable[Lease]) -> None:
        for lease in leases:
            self.held.pop(lease, None)
            self.wishes.pop(lease, None)

    def _lost(self, job: Job, task: asyncio.Task[None]) -> None:
        log.info("lease lost", queue=job.queue, job_id=str(job.id))
        # A batch goes on for the jobs it still holds: what it writes for the lost one is refused.
        if all(other is not task for _, other in self.held.values()):
            task.cancel()
