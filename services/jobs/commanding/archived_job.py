"""Commands to jobs that are archived."""

from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.jobs.history.archive import Warehouse
from services.jobs.job_id import JobNotFound
from services.jobs.reading.find_job import find_job


class JobArchived(Problem):
    """The job is over for so long that it is only shown."""

    code: ClassVar[str] = "JOB_ARCHIVED"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The job is archived and takes no commands any more"
    recovery: ClassVar[str] = "Submit it again as a new job; GET /api/background/job/{job_id} shows what it was."


async def not_at_hand(job_id: UUID, *, tenant: str, database: Database, warehouse: Warehouse) -> Problem:
    """Why a job cannot be commanded that is not in the engine: ``JobArchived`` or ``JobNotFound``.

    Raises what the warehouse raises.
    """
    try:
        await find_job(job_id, tenant=tenant, database=database, warehouse=warehouse)
    except JobNotFound as unknown:
        return unknown
    return JobArchived()
