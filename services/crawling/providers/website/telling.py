"""What becomes of one page: its record and the links it has commit together, or it is asked for again."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from infra.postgres.database import Database, Transaction
from services.crawling.providers.website.address import Address, address
from services.crawling.providers.website.fetching import Fetched, NoPage
from services.crawling.providers.website.reading import Content
from services.crawling.providers.website.record import error_line, page_line
from services.crawling.providers.website.scope import belongs, followed
from services.crawling.store.websites import pages, sites
from services.crawling.store.websites.pages import Taken
from services.crawling.store.websites.sites import Site
from services.jobs.engine.settle import LeaseLost

if TYPE_CHECKING:
    from services.crawling.providers.website.wishes import Wishes


@dataclass(frozen=True, kw_only=True)
class Teller:
    """Writes what became of pages of one site. Raises ``LeaseLost`` when nobody wants the site any more."""

    site: Site
    wished: "Wishes"
    database: Database

    async def page(self, taken: Taken, fetched: Fetched, content: Content, *, at: datetime) -> Site:
        """It came; so did its links."""
        line = await asyncio.to_thread(
            page_line, taken.url, depth=taken.depth, fetched=fetched, content=content, html=self.wished.html, at=at
        )
        final, first = address(fetched.url), taken.depth == 0
        async with self.database.transaction() as tx:
            size = len(fetched.body)
            site = await self._count(tx, size=size, host=final.host if final and first else None)
            if not await self._is_new(tx, taken, final, site):
                await pages.skip(tx, site.id, taken)
                return site
            if not await pages.told(tx, site.id, taken, line):
                return site
            if taken.depth < self.wished.depth:
                found = list(followed(content.links, self.wished, site.hosts))
                await pages.add(tx, site.id, found, depth=taken.depth + 1, most=self.wished.most_known)
            return await self._count(tx, pages=1)

    async def problem(self, taken: Taken, problem: NoPage, *, at: datetime) -> Site:
        """It did not come, and will not."""
        line = error_line(taken.url, depth=taken.depth, problem=problem, at=at)
        async with self.database.transaction() as tx:
            site = await self._count(tx)
            if await pages.told(tx, site.id, taken, line):
                return await self._count(tx, errors=1, reason=problem.code)
            return site

    async def left_out(self, taken: Taken) -> Site:
        """Nobody is told of it."""
        async with self.database.transaction() as tx:
            site = await self._count(tx)
            await pages.skip(tx, site.id, taken)
            return site

    async def put_off(self, taken: Taken, *, seconds: float) -> Site:
        """It is asked for once more, and its host left alone until then."""
        async with self.database.transaction() as tx:
            site = await self._count(tx)
            await pages.put_off(tx, site.id, taken, seconds=seconds)
            return site

    async def _count(self, tx: Transaction, **more: object) -> Site:
        site = await sites.count(tx, self.site.id, **more)  # type: ignore[arg-type]  # its own names
        if site is None:
            raise LeaseLost
        return site

    async def _is_new(self, tx: Transaction, taken: Taken, final: Address | None, site: Site) -> bool:
        """Whether nobody told of the page that redirects led to, and it is one of the site's."""
        if final is None or not belongs(final, self.wished, site.hosts):
            return False
        return final.key == taken.key or await pages.claim(tx, site.id, final, depth=taken.depth)
