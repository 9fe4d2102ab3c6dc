"""Forget all that was derived of a crawl whose data was erased."""

from datetime import datetime
from uuid import UUID

from infra.postgres.database import Database
from schemas.events.crawl_data_erased import CrawlDataErased
from services.documents.process_crawl import document_job_id
from services.documents.store import document_crawls, documents, resources

REMOVED_AT_ONCE = 1_000


async def forget_crawl(event: CrawlDataErased, *, tenant: str, now: datetime, database: Database) -> int:
    """Remove documents and what was found in them, for good; returns how many documents. Again it finds nothing.

    The tombstone comes first: from then on no job writes anything of the crawl, and what is removed stays away.
    """
    crawl_id, gone = UUID(event.crawl_id), 0
    async with database.transaction() as tx:
        last = await document_crawls.erase(tx, crawl_id, attempt=event.attempt, tenant=tenant, now=now)
    removed = REMOVED_AT_ONCE
    while removed == REMOVED_AT_ONCE:
        async with database.transaction() as tx:
            removed = await documents.remove(tx, crawl_id, tenant=tenant, limit=REMOVED_AT_ONCE)
        gone += removed
    async with database.transaction() as tx:
        jobs = [document_job_id(crawl_id, number) for number in range(1, last + 1)]
        await resources.forget(tx, jobs, tenant=tenant)
    return gone
