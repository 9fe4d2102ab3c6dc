"""Run an ended job again."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.jobs.commanding.taking import own_commands, taking
from services.jobs.job import Job
from services.jobs.kinds import Kinds
from services.jobs.store import control
from services.jobs.submitting.room import QueueFull, require_room


async def retry_job(job_id: UUID, *, tenant: str, kinds: Kinds, room: int, database: Database) -> None:
    """A new attempt with all its tries, a level ahead of its priority; a dead letter is none any more.

    ``room`` is how many jobs may wait in one queue. Raises ``JobNotFound``, ``InvalidTransition``, ``QueueFull`` and
    what the kind's own way to retry raises.
    """
    own = (await own_commands(job_id, tenant=tenant, kinds=kinds, database=database)).retry
    if own is not None:
        await own(job_id, tenant)
        return
    async with taking("retry", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        await start_anew(tx, job, kinds=kinds, room=room)


async def start_anew(tx: Transaction, locked: Job, *, kinds: Kinds, room: int) -> None:
    """The next attempt of a locked job begins where jobs of its kind come in. Raises ``QueueFull``.

    ``locked`` is the job as it was: one that was ready there has its place already.
    """
    home = _home(locked, kinds)
    if (locked.state, locked.queue) != ("ready", home):
        await require_room(tx, home, tenant=locked.tenant, room=room)
    await _restart(tx, [locked], kinds)


async def start_those_that_fit(
    tx: Transaction, jobs: Sequence[Job], *, kinds: Kinds, room: int
) -> tuple[int, QueueFull | None]:
    """Locked jobs start anew in this order until a queue is full; how many did, and what stopped the others."""
    fitting, stopped = len(jobs), None
    for queue, places in sorted(Counter(_home(job, kinds) for job in jobs).items()):
        try:
            await require_room(tx, queue, tenant=jobs[0].tenant, places=places, room=room)
        except QueueFull as full:
            there = [number for number, job in enumerate(jobs) if _home(job, kinds) == queue]
            if there[full.free] < fitting:
                fitting, stopped = there[full.free], full
    await _restart(tx, jobs[:fitting], kinds)
    return fitting, stopped


async def _restart(tx: Transaction, locked: Sequence[Job], kinds: Kinds) -> None:
    for queue in sorted({_home(job, kinds) for job in locked}):
        there = [job for job in locked if _home(job, kinds) == queue]
        await control.restart_many(tx, there, state="ready", queue=queue, step=None)


def _home(job: Job, kinds: Kinds) -> str:
    return kinds.home(job.kind) or job.queue
