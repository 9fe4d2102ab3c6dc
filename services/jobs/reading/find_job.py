"""One job, wherever it is: at work, over, or archived."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.runtime import Runtime
from schemas.records.archived_job import ArchivedJob
from services.jobs.history.archive_jobs import Warehouse
from services.jobs.history.archived import archived, shown
from services.jobs.job_id import JobNotFound
from services.jobs.store import history, views


def job_history(runtime: Runtime) -> Warehouse:
    """Where archived jobs are; once a process, through ``runtime.once(job_history)``."""
    return runtime.warehouse({})


async def find_job(job_id: UUID, *, tenant: str, database: Database, warehouse: Warehouse) -> dict[str, Any]:
    """The job's row as ``views.one`` has it, for ``services.jobs.shapes``; lists show only what is not archived.

    Raises ``JobNotFound``, and what the warehouse raises.
    """
    async with database.reading() as tx:
        row = await views.one(tx, job_id, tenant=tenant)
        left = None if row else await history.leaving(tx, job_id)
    if row is not None:
        return row
    found = archived(left[1], load_id=left[0]) if left else await _asked(job_id, warehouse)
    if found is None or found.tenant != tenant:
        raise JobNotFound
    return shown(found)


async def _asked(job_id: UUID, warehouse: Warehouse) -> ArchivedJob | None:
    rows = await warehouse.query(history.question(job_id))
    return ArchivedJob.model_validate(rows[0]) if rows else None
