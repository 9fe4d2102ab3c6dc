"""Remove results whose time is over from the lake, with what belongs to them, and tell it; warehouse rows stay."""

import structlog

from infra.postgres.database import Database
from services.crawling.complete_crawl import load_id
from services.crawling.erasing.remove import remove_objects
from services.crawling.erasing.remove_media import remove_media
from services.crawling.erasing.remove_sites import remove_sites
from services.crawling.ports import Lake
from services.crawling.process_media import media_id
from services.crawling.store import results
from services.crawling.store.results import StoredResult
from services.jobs.store import erasing

log = structlog.get_logger()

BATCH = 200


async def expire_results(*, database: Database, lake: Lake, days: int | None) -> int:
    """Those whose order named how long they are kept, and with ``days`` all others; returns how many went.

    With the last of a crawl go its media, and the pages of its site that our own browser kept. A result that is still
    to be loaded, or read for its media, stays until it is, and keeps no other.
    """
    seen = removed = 0
    while not removed:
        async with database.reading() as tx:
            found = await results.over(tx, days=days, limit=seen + BATCH)
        for one in found[seen:]:
            removed += await _remove(one, database=database, lake=lake)
        if len(found) < seen + BATCH:
            break
        seen += BATCH
    if removed:
        log.info("results removed whose time was over", results=removed)
    return removed


async def _remove(one: StoredResult, *, database: Database, lake: Lake) -> bool:
    async with database.reading() as tx:
        if await erasing.any_under_way(tx, [of(one.crawl_id, one.attempt) for of in (load_id, media_id)]):
            return False
        last = await results.only_one(tx, one)
    await remove_objects(f"crawls/{one.tenant}/{one.crawl_id}/{one.attempt}/", lake=lake)
    if last:
        await remove_media(one.crawl_id, tenant=one.tenant, database=database, lake=lake)
        await remove_sites(one.crawl_id, database=database, lake=lake)
    await _tell(one, database=database)
    return True


async def _tell(one: StoredResult, *, database: Database) -> None:
    from schemas.events.crawl_result_expired import CrawlResultExpired  # noqa: PLC0415  # who tells none needs no pydantic

    async with database.transaction() as tx:
        if await results.gone(tx, one):  # of two who are at it one tells; of an erased crawl the erasure does
            expired = CrawlResultExpired(crawl_id=str(one.crawl_id), attempt=one.attempt)
            await tx.record(expired, tenant=one.tenant)
