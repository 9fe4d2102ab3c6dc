"""Let web sites go that were collected long ago, as other providers forget what they delivered."""

from datetime import datetime, timedelta

from infra.postgres.database import Database
from services.crawling.erasing.remove import remove_objects
from services.crawling.ports import Lake
from services.crawling.providers.website.packing import place
from services.crawling.store.websites import hosts, sites

KEPT = timedelta(days=16)
BATCH = 50


async def forget_sites(*, database: Database, lake: Lake, now: datetime) -> int:
    """Once through; returns how many sites went. A crawl keeps what it has stored of one."""
    async with database.transaction() as tx:
        old = await sites.ended_before(tx, now - KEPT, limit=BATCH)
        await hosts.forget(tx, older_than=KEPT)
    for site in old:
        await remove_objects(place(site), lake=lake)
        async with database.transaction() as tx:
            await sites.delete(tx, site.id)
    return len(old)
