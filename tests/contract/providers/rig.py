"""Orders, the adapter under test, and servers that answer what a test wants."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import aiohttp
from aiohttp import web

from infra.runtime.configuration.secret import Secret
from services.crawling.ports import Submission
from services.crawling.provider_client import Client
from services.crawling.providers.bright_data.download import Patience
from services.crawling.providers.bright_data.provider import BrightData

Ledger = Callable[[], Awaitable[list[dict[str, Any]]]]
TOKEN = "secret-token-4711"  # a canary
CRAWL = UUID("00000000-0000-4000-8000-000000000001")
SINCE = datetime.now(UTC)
QUICK = Patience(seconds=20, window_seconds=0.4)


def order(sim: str = "", *, correlation: UUID = CRAWL, **more: Any) -> Submission:
    """An order for one page, which the simulator answers as scripted."""
    url = f"https://www.facebook.com/page?sim=ready_after:0,{sim}".rstrip(",")
    return Submission(correlation=correlation, dataset_id="gd_1", inputs=[{"url": url}], **more)


def provider(session: aiohttp.ClientSession, url: str, *, token: str = TOKEN, **more: Any) -> BrightData:
    """The adapter, talking to this address."""
    usual: dict[str, Any] = {"batch_size": 1000, "patience": QUICK}
    return BrightData(Client(session, origin=url, token=Secret(token)), **(usual | more))


async def fetch(given: BrightData, snapshot_id: str, part: int = 1) -> bytes:
    """All bytes of one part."""
    return b"".join([block async for block in given.download(snapshot_id, part)])


@asynccontextmanager
async def answering(handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """The address of a server with this one answer to everything."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def says(status: int, body: str, **headers: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The same words to everyone."""

    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler
