"""Look after erased crawls once more: a worker that was lost meanwhile may have written behind the erasure."""

import structlog

from infra.postgres.database import Database
from services.crawling.erasing.remove import place, remove_objects, remove_rows
from services.crawling.ports import Lake, Warehouse
from services.crawling.store import erasures

log = structlog.get_logger()

BATCH = 50


async def sweep_erased(*, database: Database, lake: Lake, warehouse: Warehouse, settled_seconds: float) -> int:
    """Of crawls that were erased so long ago; returns how many were looked after."""
    async with database.reading() as tx:
        found = await erasures.unswept(tx, older_than_seconds=settled_seconds, limit=BATCH)
    for one in found:
        objects = await remove_objects(place(one.tenant, one.crawl_id), lake=lake)
        rows = await remove_rows(one.crawl_id, warehouse=warehouse)
        async with database.transaction() as tx:
            await erasures.swept(tx, one.crawl_id)
        if objects or rows:
            log.warning("data came behind an erasure", crawl_id=str(one.crawl_id), objects=objects, rows=rows)
    return len(found)
