"""What became of a batch, in one object."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.jobs.limiting import Limiting
from services.jobs.shapes import background, error
from services.jobs.store import batches
from services.jobs.submitting.batch import BatchNotFound

MOST_ERRORS = 100


async def batch_result(
    batch_id: UUID, *, tenant: str, page_size: int, page_token: str | None, limiting: Limiting, database: Database
) -> dict[str, Any]:
    """Numbers, a page of its jobs in their order, and the first errors. Times are in seconds.

    ``status`` is ``processing`` until every job is over. Raises ``BatchNotFound``, ``InvalidPage``.
    """
    asked = ["batch", str(batch_id), tenant]
    after = read_page_token(page_token, tuple[UUID], asked=asked, seal=database.seal)[0] if page_token else None
    async with database.snapshot() as tx:  # the numbers are those of the jobs that are shown
        found = await batches.numbers(tx, batch_id, tenant=tenant)
        if found is None:
            raise BatchNotFound
        jobs = await batches.page(tx, batch_id, after=after, limit=page_size + 1)
        failed = await batches.failures(tx, batch_id, limit=MOST_ERRORS)
    more = len(jobs) > page_size
    jobs = jobs[:page_size]
    return {
        "batch_id": str(batch_id),
        "status": "processing" if found["open"] else "completed",
        "total_jobs": found["total_jobs"],
        "successful": found["successful"],
        "failed": found["failed"],
        "cancelled": found["cancelled"],
        "processing": found["processing"],
        "queued": found["open"] - found["processing"],
        "archived": found["archived"],
        "processing_time": round(found["seconds"], 3),
        "jobs": [background(row, limiting.of(row)) for row in jobs],
        "errors": [{"job_id": str(row["id"]), **(error(row) or {})} for row in failed],
        "next_page_token": write_page_token((str(jobs[-1]["id"]),), asked=asked, seal=database.seal) if more else None,
    }
