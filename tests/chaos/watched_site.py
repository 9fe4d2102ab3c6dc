"""A web site that knows which of its pages a crawl has told of already, and notes who asks for those again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from infra.postgres.database import Database

WIDTH = 5
PAGES = 1 + WIDTH + WIDTH * WIDTH
SLOW_SECONDS = 0.1
_TOLD = "SELECT EXISTS (SELECT FROM site_pages WHERE url = $1 AND state = 'told')"


class WatchedSite:
    """A tree of pages below ``/``, and single ones below ``/shop/``. ``again`` are pages that had been told of."""

    def __init__(self, database: Database) -> None:
        self.url = ""
        self.again: list[str] = []
        self._database = database

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    async def answer(self, request: web.Request) -> web.Response:
        if request.path in {"/robots.txt", "/sitemap.xml"}:
            raise web.HTTPNotFound
        if await self._database.pool.fetchval(_TOLD, f"{self.url}{request.path}"):
            self.again.append(request.path)
        await asyncio.sleep(SLOW_SECONDS)
        levels = [part for part in request.path.split("/") if part]
        below = range(WIDTH) if len(levels) < 2 and "shop" not in levels else ()
        links = "".join(f'<p><a href="{request.path.rstrip("/")}/{one}">{one}</a></p>' for one in below)
        said = f"<title>{request.path}</title><p>What stands on {request.path}.</p>{links}"
        return web.Response(text=said, content_type="text/html")


@asynccontextmanager
async def watched_site(database: Database) -> AsyncIterator[WatchedSite]:
    """The site, at its ``url``."""
    site, app = WatchedSite(database), web.Application()
    app.router.add_get("/{path:.*}", site.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield site
    finally:
        await runner.cleanup()
