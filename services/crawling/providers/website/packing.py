"""Lines of a site put together into parts that stand in the lake."""

from contextlib import suppress

from infra.postgres.database import Database
from schemas.stored_object import ObjectExists
from services.crawling.ports import Lake
from services.crawling.store.websites import parts
from services.crawling.store.websites.sites import Site

LINES = 100


def place(site: Site) -> str:
    """Where all parts of a site are: below its crawl, so that they go when that is erased."""
    return f"crawls/{site.tenant}/{site.correlation}/site-{site.id}/"


def part_name(site: Site, number: int) -> str:
    """The object of one part, from 1."""
    return f"{place(site)}{number:06d}.ndjson.gz"


async def pack(site: Site, *, whole: bool, database: Database, lake: Lake) -> None:
    """Write the parts that are full, with ``whole`` also the last one. Again after a crash it writes the same."""
    while True:
        async with database.transaction() as tx:
            number = await parts.next_part(tx, site.id, lines=LINES, whole=whole)
        if number is None:
            return
        with suppress(ObjectExists):  # whoever wrote it died before that was noted
            await lake.create(part_name(site, number), parts.lines(database, site.id, number))
        async with database.transaction() as tx:
            await parts.stored(tx, site.id, number)
