"""A web site that knows which of its pages a crawl has told of already, and notes who asks for those again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from infra.postgres.database import Database
from tests.flow.website.web_site import Web, page, serving

WIDTH = 5
PAGES = 1 + WIDTH + WIDTH * WIDTH
SLOW_SECONDS = 0.1
_TOLD = "SELECT EXISTS (SELECT FROM site_pages WHERE url = $1 AND state = 'told')"


class WatchedSite(Web):
    """A tree of pages below ``/``, and single ones below ``/shop/``. ``again`` are pages that had been told of."""

    def __init__(self, database: Database) -> None:
        super().__init__(fallback=self._show)
        self.again: list[str] = []
        self._database = database

    async def _show(self, request: web.Request) -> web.Response:
        if request.path in {"/robots.txt", "/sitemap.xml"}:
            raise web.HTTPNotFound
        if await self._database.pool.fetchval(_TOLD, f"{self.url}{request.path}"):
            self.again.append(request.path)
        await asyncio.sleep(SLOW_SECONDS)
        levels = [part for part in request.path.split("/") if part]
        below = range(WIDTH) if len(levels) < 2 and "shop" not in levels else ()
        said = page(request.path, *(f"{request.path.rstrip('/')}/{one}" for one in below))
        return web.Response(text=said, content_type="text/html")


@asynccontextmanager
async def watched_site(database: Database) -> AsyncIterator[WatchedSite]:
    """The site, at its ``url``."""
    site = WatchedSite(database)
    async with serving(site):
        yield site
