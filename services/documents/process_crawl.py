"""Have documents made of a completed crawl whose order asks for them."""

from uuid import UUID, uuid5

import structlog

from infra.postgres.database import Database
from schemas.events.data_ingestion_completed import DataIngestionCompleted
from services.documents.store import document_crawls
from services.jobs.job import NewJob
from services.jobs.store import queue, views

KIND = "document"
QUEUE = "document"
PRIORITY = 3
_IDS = UUID("c1f4b0de-5d0f-5c55-9c7e-2b6c6e3a7d10")

log = structlog.get_logger()


def document_job_id(crawl_id: UUID, attempt: int) -> UUID:
    """The id of the job that makes documents of an attempt."""
    return uuid5(_IDS, f"{crawl_id}/{attempt}")


async def process_crawl(event: DataIngestionCompleted, *, tenant: str, database: Database) -> bool:
    """Queue the attempt's document job; False where nobody asks for it, or it was queued before.

    Of an attempt that was run again meanwhile nothing is made: the later one tells of itself. Nor of an erased crawl.
    """
    if not event.documents:
        return False
    crawl_id = UUID(event.crawl_id)
    async with database.transaction() as tx:
        crawl = await views.one(tx, crawl_id, tenant=tenant)
        if crawl is None or crawl["attempt"] != event.attempt or crawl["result"] is None:
            log.info("no documents are made of an attempt that is past", crawl_id=event.crawl_id)
            return False
        if not await document_crawls.stand(tx, crawl_id, attempt=event.attempt, tenant=tenant):
            return False
        job = NewJob(
            id=document_job_id(crawl_id, event.attempt),
            kind=KIND,
            queue=QUEUE,
            tenant=tenant,
            priority=PRIORITY,
            source_id=crawl["source_id"],
            created_by=crawl["created_by"],
            payload={
                "crawl_id": event.crawl_id,
                "attempt": event.attempt,
                **{name: crawl["result"][name] for name in ("object_name", "row_count")},
            },
        )
        return await queue.enqueue(tx, job)
