"""Remove what our own browser kept of a crawl's site: the snapshot, which lies in our lake and nobody else's."""

from uuid import UUID

from infra.postgres.database import Database
from services.crawling.erasing.remove import remove_objects
from services.crawling.ports import Lake
from services.crawling.providers.website.packing import place
from services.crawling.store import erasures
from services.crawling.store.websites import sites


async def remove_sites(crawl_id: UUID, *, database: Database, lake: Lake) -> int:
    """Pages and all rows about them, unless somebody is at it; returns how many sites. Raises the lake's problems."""
    async with database.reading() as tx:
        found = [await sites.get(tx, one) for one in await erasures.ended_sites(tx, crawl_id)]
    ended = [site for site in found if site is not None]
    for site in ended:
        await remove_objects(place(site), lake=lake)
        async with database.transaction() as tx:
            await sites.delete(tx, site.id)
    return len(ended)
