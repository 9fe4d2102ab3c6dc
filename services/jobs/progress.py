"""How far a job is, told while it is worked."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from services.jobs.engine.settle import fenced
from services.jobs.job import Job
from services.jobs.store import held
from services.jobs.store.held import Lease

STEP = 1.0  # of 100: less headway than this is told
SECONDS = 0.5  # only after so long
WHOLE = 100.0
MOST = 10_000  # jobs remembered


@dataclass
class _Last:
    progress: float
    step: str | None
    at: float


@dataclass
class Reporter:
    """Writes progress of jobs this process holds: each new step and full percent at once, the rest now and then.

    What is written is visible to everybody when ``report`` returns. It never falls within an attempt.
    """

    database: Database
    clock: Callable[[], float] = time.monotonic
    _last: dict[Lease, _Last] = field(default_factory=dict)

    async def report(self, job: Job, progress: float, *, step: str | None = None, message: str | None = None) -> None:
        """The job is at ``progress`` of 100. Raises ``LeaseLost`` when it is not held any more: stop working."""
        lease, now = (job.id, job.lease_token), self.clock()
        last = self._last.pop(lease, None)
        if last is not None and not _worth_telling(last, progress, step, now):
            self._last[lease] = last
            return
        within = min(WHOLE, max(0.0, progress))
        async with self.database.transaction() as tx:
            fenced(await held.checkpoint(tx, job, None, progress=within, step=step, message=message))
        self._last[lease] = _Last(progress, step or (last.step if last else job.step), now)
        if len(self._last) > MOST:
            del self._last[next(iter(self._last))]


def reporter(runtime: Runtime) -> Reporter:
    """The reporter of a process, through ``runtime.once(reporter)``."""
    return Reporter(runtime.database)


def _worth_telling(last: _Last, progress: float, step: str | None, now: float) -> bool:
    new_step = step is not None and step != last.step
    return new_step or progress >= WHOLE or progress - last.progress >= STEP or now - last.at >= SECONDS
