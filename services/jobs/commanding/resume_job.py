"""Let a paused job go on where it was."""

from uuid import UUID

from infra.postgres.database import Database
from services.jobs.commanding.taking import taking
from services.jobs.kinds import Kinds
from services.jobs.store import commands as rows


async def resume_job(job_id: UUID, *, tenant: str, kinds: Kinds, database: Database) -> None:
    """In its old place among those that wait; a pause that was only wished for is taken back.

    Raises ``JobNotFound``, ``InvalidTransition``.
    """
    async with taking("resume", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        if job.state != "paused":
            await rows.wish_no_more(tx, [job])
            return
        await rows.resume(tx, [job])
        if (follow := kinds.commands(job.kind).resumed) is not None:
            await follow(tx, job)
