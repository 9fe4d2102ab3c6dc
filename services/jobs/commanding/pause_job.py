"""Put a job aside until somebody resumes it."""

from collections.abc import Sequence
from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.jobs.commanding.taking import own_commands, taking
from services.jobs.job import Job
from services.jobs.kinds import Kinds
from services.jobs.store import commands as rows


async def pause_job(job_id: UUID, *, tenant: str, kinds: Kinds, database: Database) -> None:
    """Paused at once where nobody works it, else within 5 s; what it had done stays in its cursor.

    Raises ``JobNotFound``, ``InvalidTransition`` and what the kind's own way to pause raises.
    """
    own = (await own_commands(job_id, tenant=tenant, kinds=kinds, database=database)).pause
    if own is not None:
        await own(job_id, tenant)
        return
    async with taking("pause", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        if job.state == "running":
            await rows.wish(tx, [job], "pause")
        else:
            await put_aside_locked(tx, [job], kinds=kinds)


async def put_aside_locked(tx: Transaction, jobs: Sequence[Job], *, kinds: Kinds) -> None:
    """These locked jobs are paused now, whoever works them; their contexts follow."""
    await rows.pause(tx, jobs)
    for job in jobs:
        if (follow := kinds.commands(job.kind).paused) is not None:
            await follow(tx, job)
