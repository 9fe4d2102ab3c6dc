"""Forget what was derived of a result whose time is over."""

from uuid import UUID

from infra.postgres.database import Database
from schemas.events.crawl_result_expired import CrawlResultExpired
from services.documents.process_crawl import document_job_id
from services.documents.store import document_crawls, documents, resources

REMOVED_AT_ONCE = 1_000


async def forget_result(event: CrawlResultExpired, *, tenant: str, database: Database) -> int:
    """Remove the documents of this attempt and of those before it; returns how many. Again it finds nothing.

    That it is over is written first: from then on no job of these attempts writes anything. A later attempt's stay.
    """
    crawl_id, gone = UUID(event.crawl_id), 0
    async with database.transaction() as tx:
        if not await document_crawls.expire(tx, crawl_id, attempt=event.attempt, tenant=tenant):
            return 0
    removed = REMOVED_AT_ONCE
    while removed == REMOVED_AT_ONCE:
        async with database.transaction() as tx:
            removed = await documents.remove(
                tx, crawl_id, tenant=tenant, limit=REMOVED_AT_ONCE, last_attempt=event.attempt
            )
        gone += removed
    async with database.transaction() as tx:
        jobs = [document_job_id(crawl_id, number) for number in range(1, event.attempt + 1)]
        await resources.forget(tx, jobs, tenant=tenant)
    return gone
