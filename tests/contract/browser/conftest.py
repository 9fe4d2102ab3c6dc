"""A site that misbehaves, on loopback, and browsers that go straight to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from infra.runtime.browser.pool import Browsers, browsers
from infra.runtime.configuration.settings import read_settings

PAGES = {
    "/": "<title>Home</title><p>Good day</p>",
    "/dialogs": "<title>start</title><script>alert(1); document.title = String(confirm('sure?'))</script>",
    "/popup": "<title>start</title><script>window.open('/'); document.title = 'opened'</script>",
    "/busy": "<title>busy</title><script>setTimeout(() => { while (true) {} }, 100)</script>",
    "/worker.js": "",
    "/remember": "<title>-</title><script>document.title = document.cookie || 'nothing'</script>"
    "<script>document.cookie = 'a=1'</script>",
}


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def page(request: web.Request) -> web.Response:
        if request.path == "/hang":
            await asyncio.sleep(60)
        kind = "text/javascript" if request.path.endswith(".js") else "text/html"
        return web.Response(text=PAGES[request.path], content_type=kind)

    app = web.Application()
    app.router.add_get("/{rest:.*}", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
async def pool() -> AsyncIterator[Browsers]:
    async with browsers(read_settings(), None) as made:
        yield made
