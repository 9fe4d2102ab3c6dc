"""Cancel a job in any state."""

from collections.abc import Sequence
from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.jobs.commanding.taking import own_commands, taking
from services.jobs.engine.finished import finished
from services.jobs.job import Job
from services.jobs.kinds import Kinds
from services.jobs.store import commands as rows


async def cancel_job(job_id: UUID, *, tenant: str, kinds: Kinds, database: Database) -> None:
    """Cancelled at once where nobody works it, else within 5 s: a wish that its worker heeds or the sweep enforces.

    Raises ``JobNotFound``, ``InvalidTransition`` and what the kind's own way to cancel raises.
    """
    own = (await own_commands(job_id, tenant=tenant, kinds=kinds, database=database)).cancel
    if own is not None:
        await own(job_id, tenant)
        return
    async with taking("cancel", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        await cancel_locked(tx, [job], kinds=kinds)


async def cancel_locked(tx: Transaction, jobs: Sequence[Job], *, kinds: Kinds) -> None:
    """Cancel jobs that this transaction holds locked and that take it."""
    worked = [job for job in jobs if job.state == "running"]
    free = [job for job in jobs if job.state != "running"]
    await rows.wish(tx, worked, "cancel")
    await end_cancelled(tx, free, kinds=kinds)


async def end_cancelled(tx: Transaction, jobs: Sequence[Job], *, kinds: Kinds) -> None:
    """These locked jobs are over now, whoever works them; told where their kinds announce ends."""
    await rows.cancel(tx, jobs)
    for job in jobs:
        if kinds.announced(job.kind):
            await tx.record(finished(job, "cancelled"), tenant=job.tenant)
