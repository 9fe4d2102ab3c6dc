"""What a site says of itself before its pages are asked for."""

import asyncio
from typing import TYPE_CHECKING

from infra.postgres.database import Database
from services.crawling.providers.website.address import Address, address
from services.crawling.providers.website.asking import Asking
from services.crawling.providers.website.fetching import NoPage
from services.crawling.providers.website.robots import Robots
from services.crawling.providers.website.sitemap import read_sitemaps
from services.crawling.store.websites import pages, sites
from services.crawling.store.websites.sites import Site

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes

MOST_ORIGINS = 20


async def seed(site: Site, wished: "Wishes", *, asking: Asking, database: Database) -> None:
    """Read the robots.txt of the first pages' hosts, and add what their sitemaps name; once a site."""
    async with database.reading() as tx:
        urls = await pages.first(tx, site.id)
    firsts = {page.origin: page for url in urls if (page := address(url)) is not None}
    found: list[Address] = []
    for page in list(firsts.values())[:MOST_ORIGINS]:
        try:
            robots = await _patiently(page, asking)
        except NoPage:
            continue
        if wished.sitemap and wished.depth:
            named = (robots.sitemaps if robots else []) or [f"{page.origin}/sitemap.xml"]
            found += await read_sitemaps(
                named, fetch=asking.plain, wished=wished, hosts=site.hosts, most=wished.most_known
            )
    async with database.transaction() as tx:
        await pages.add(tx, site.id, found, depth=1, most=wished.most_known)
        await sites.seeded(tx, site.id)


async def _patiently(page: Address, asking: Asking) -> Robots | None:
    while True:
        try:
            return await asking.robots(page)
        except NoPage as silent:
            if silent.again is None:
                raise
            await asyncio.sleep(silent.again)
