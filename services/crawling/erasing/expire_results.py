"""Remove results whose time is over from the lake; rows of the warehouse stay."""

import structlog

from infra.postgres.database import Database
from services.crawling.complete_crawl import load_id
from services.crawling.erasing.remove import remove_objects
from services.crawling.ports import Lake
from services.crawling.store import results
from services.jobs.store import erasing

log = structlog.get_logger()

BATCH = 200


async def expire_results(*, database: Database, lake: Lake, days: int | None) -> int:
    """Those whose order named how long they are kept, and with ``days`` all others; returns how many went.

    A result that is still to be loaded stays until it is.
    """
    async with database.reading() as tx:
        found = await results.over(tx, days=days, limit=BATCH)
    removed = 0
    for one in found:
        async with database.reading() as tx:
            if await erasing.any_under_way(tx, [load_id(one.crawl_id, one.attempt)]):
                continue
        await remove_objects(f"crawls/{one.tenant}/{one.crawl_id}/{one.attempt}/", lake=lake)
        async with database.transaction() as tx:
            await results.gone(tx, one)
        removed += 1
    if removed:
        log.info("results removed whose time was over", results=removed)
    return removed
