"""Page through the media that a crawl's records link to."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.crawling.history.find_crawl import find_crawl
from services.crawling.media.fetching import place
from services.crawling.ports import Lake
from services.crawling.store import media
from services.jobs.history.archive import Warehouse


async def list_media(
    crawl_id: UUID,
    *,
    tenant: str,
    page_size: int,
    page_token: str | None,
    database: Database,
    lake: Lake,
    history: Warehouse,
) -> dict[str, Any]:
    """``items`` by their URLs, and ``next_page_token`` (None at the end).

    Raises ``CrawlNotFound``, ``CrawlErased``, ``InvalidPage``, and what the warehouse raises.
    """
    await find_crawl(crawl_id, tenant=tenant, database=database, warehouse=history)
    asked = ["media", tenant, crawl_id]
    after = read_page_token(page_token, tuple[str], asked=asked, seal=database.seal)[0] if page_token else None
    async with database.reading() as tx:
        rows = await media.page(tx, crawl_id, tenant=tenant, after=after, limit=page_size + 1)
    more = len(rows) > page_size
    rows = rows[:page_size]
    token = write_page_token((rows[-1]["url"],), asked=asked, seal=database.seal) if more else None
    return {"items": [_shown(row, tenant, lake) for row in rows], "next_page_token": token}


def _shown(row: dict[str, Any], tenant: str, lake: Lake) -> dict[str, Any]:
    where = lake.url(place(tenant, row["sha256"])) if row["sha256"] else None
    return {**row, "gcs_path": where}
