"""One job as it is now."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.jobs.job_id import JobNotFound
from services.jobs.store import views


async def get_job(job_id: UUID, *, tenant: str, database: Database) -> dict[str, Any]:
    """The job's row, for ``services.jobs.shapes``. Raises ``JobNotFound``."""
    async with database.reading() as tx:
        row = await views.one(tx, job_id, tenant=tenant)
    if row is None:
        raise JobNotFound
    return row
