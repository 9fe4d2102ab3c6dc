"""Make documents of a crawl's stored result, and find out what they are about."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.postgres.database import Database
from infra.runtime.lake import Lake
from services.documents.classify_documents import classify_documents
from services.documents.extraction.extract_documents import extract_documents
from services.documents.ports import Model
from services.documents.run import FUNCTION_SECONDS, Run, Superseded
from services.documents.store import documents
from services.jobs.job import Done, Job, Outcome, Resume
from services.jobs.store import views


async def process_document(
    job: Job,
    *,
    database: Database,
    lake: Lake,
    model: Model,
    clock: Callable[[], datetime],
    seconds: float = FUNCTION_SECONDS,
) -> Outcome:
    """Each record once, however often it is interrupted; nothing of a crawl that is erased or was run again meanwhile.

    Raises ``ObjectMissing``, ``StoreUnavailable``, ``ModelResting`` and ``LeaseLost``.
    """
    async with database.reading() as tx:
        row = await views.one(tx, job.id, tenant=job.tenant)
    source_id = row["source_id"] if row else None
    run = Run(job=job, source_id=source_id, until=time.monotonic() + seconds, database=database)
    try:
        whole = await extract_documents(run, lake=lake, model=model, now=clock())
        if not whole or not await classify_documents(run, model=model, clock=clock):
            return Resume()
    except Superseded:
        return Done(result=await _result(run) | {"superseded": True})
    return Done(result=await _result(run))


async def _result(run: Run) -> dict[str, Any]:
    async with run.database.reading() as tx:
        counts = await documents.counts(tx, run.job.id)
    return {
        **{name: run.job.payload[name] for name in ("crawl_id", "attempt")},
        "document_count": sum(counts.values()),
        "processed_count": counts["classified"],
        "error_count": counts["failed"],
    }
