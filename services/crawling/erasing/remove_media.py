"""Remove the media of a crawl, except what other crawls of its tenant link to."""

from uuid import UUID

from infra.postgres.database import Database
from services.crawling.media.fetching import place
from services.crawling.ports import Lake
from services.crawling.store import media


async def remove_media(crawl_id: UUID, *, tenant: str, database: Database, lake: Lake) -> int:
    """Objects, and all rows about them; returns how many objects. Raises the lake's problems."""
    async with database.reading() as tx:
        linked = await media.objects(tx, crawl_id)
    removed = 0
    for digest in linked:
        async with database.transaction() as tx:
            await media.alone(tx, tenant, digest)
            if await media.only_of(tx, crawl_id, tenant=tenant, sha256=digest):
                await lake.delete(place(tenant, digest))
                removed += 1
            await media.forget(tx, crawl_id, sha256=digest)
    async with database.transaction() as tx:
        await media.forget(tx, crawl_id, sha256=None)
    return removed
