"""One crawl, wherever it is: under way, over, or archived."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from schemas.records.archived_crawl import ArchivedCrawl
from services.crawling.erasing.erased import erased
from services.crawling.history.archived import archived, shown
from services.crawling.phase import CrawlNotFound
from services.crawling.store import erasures, history, views
from services.jobs.history.archive import Warehouse
from services.jobs.store.history import has_left


async def find_crawl(crawl_id: UUID, *, tenant: str, database: Database, warehouse: Warehouse) -> dict[str, Any]:
    """The crawl's row as ``views.one`` has it, of an archived one its last attempt; lists show only what is not.

    Raises ``CrawlNotFound``, ``CrawlErased``, and what the warehouse raises.
    """
    async with database.reading() as tx:
        row = await views.one(tx, crawl_id, tenant=tenant)
        if row is not None:
            return row
        gone = await erasures.find(tx, crawl_id, tenant=tenant)
        if gone is not None and gone.erased_at is not None:
            raise erased(gone)
        left = await history.leaving(tx, crawl_id)
        if left is None and not await has_left(tx, crawl_id):
            raise CrawlNotFound
    found = archived(left[1], load_id=left[0]) if left else await _asked(crawl_id, tenant, warehouse)
    if found is None or found.tenant != tenant:
        raise CrawlNotFound
    return shown(found)


async def _asked(crawl_id: UUID, tenant: str, warehouse: Warehouse) -> ArchivedCrawl | None:
    rows = await warehouse.find(ArchivedCrawl.table, {"crawl_id": str(crawl_id), "tenant": tenant})
    # an id may have been used again after its first crawl was archived
    last = max(rows, key=lambda row: (row["created_at"], row["attempt"]), default=None)
    return None if last is None else ArchivedCrawl.model_validate(last)
