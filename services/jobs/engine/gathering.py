"""Jobs that are worked together: they wait for one another, and are taken as many at once as is good for the work."""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from uuid import UUID

from services.jobs.job import Job, Outcome, Resume, Snooze

GATHERING = "gathering"  # the step of a job that waits for others


def gathered(jobs: Sequence[Job], *, size: Callable[[Job], int], most: int, every_seconds: float) -> Sequence[Job]:
    """Those to take now: with ``every_seconds`` only who has waited, and of them ``most`` together, at least one."""
    here = [job for job in jobs if not every_seconds or job.step == _step(job)]
    sizes = accumulate(map(size, here))
    return [job for job, so_far in zip(here, sizes, strict=True) if job is here[0] or so_far <= most]


def later(jobs: Sequence[Job], *, every_seconds: float, now: float, reason: str) -> Mapping[UUID, Outcome]:
    """What becomes of jobs that were not taken.

    With ``every_seconds`` they wait for the next of the moments that lie so far apart; ``now`` is in seconds since
    1970.
    """
    if not every_seconds:
        return {job.id: Resume() for job in jobs}
    wait = every_seconds - now % every_seconds
    return {job.id: Snooze(seconds=wait, step=_step(job), reason=reason) for job in jobs}


def _step(job: Job) -> str:
    """The step in which a job has waited for its present try."""
    return f"{GATHERING} {job.tries + 1}" if job.tries else GATHERING
