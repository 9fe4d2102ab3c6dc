"""Give a job that waits another priority."""

from uuid import UUID

from infra.postgres.database import Database
from services.jobs.commanding.taking import taking
from services.jobs.kinds import Kinds
from services.jobs.store import commands as rows


async def change_priority(job_id: UUID, priority: int, *, tenant: str, kinds: Kinds, database: Database) -> None:
    """It stands where it would stand if it had had this priority from the start.

    Raises ``JobNotFound``, ``InvalidTransition``.
    """
    async with taking("priority", job_id, tenant=tenant, kinds=kinds, database=database) as (tx, job):
        await rows.prioritise(tx, [job], priority)
