"""Start a job of a data source anew."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.jobs.commanding.restart_job import restart_job
from services.jobs.job_id import JobNotFound
from services.jobs.kinds import Kinds
from services.jobs.shapes import source_job
from services.jobs.store import views


async def restart_source_job(
    job_id: UUID, *, tenant: str, kinds: Kinds, room: int, database: Database
) -> dict[str, Any]:
    """The job as callers see it, queued again as its next attempt; jobs that are of no source are not found.

    Raises ``JobNotFound`` and what ``restart_job`` raises.
    """
    await _of_a_source(job_id, tenant, database)
    await restart_job(job_id, tenant=tenant, kinds=kinds, room=room, database=database)
    return source_job(await _of_a_source(job_id, tenant, database))


async def _of_a_source(job_id: UUID, tenant: str, database: Database) -> dict[str, Any]:
    async with database.reading() as tx:
        row = await views.one(tx, job_id, tenant=tenant)
    if row is None or row["source_id"] is None:
        raise JobNotFound
    return row
