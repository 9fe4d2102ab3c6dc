"""A house whose crawls go to a simulated Firecrawl."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from fastapi import FastAPI

from infra.local.simulators.firecrawl import create_app
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import read_settings
from infra.runtime.http.app import create_app as create_face
from infra.runtime.runtime import Runtime, open_runtime
from services.crawling.face import hints
from services.crawling.main import PUBLIC
from tests.contract.http.house import serving
from tests.flow.crawling.firecrawl.fire import SECRET, Fire
from tests.flow.crawling.rig import Clock
from tests.gates import OpenGate


@pytest.fixture
async def fire(database_dsn: str, tmp_path: Path) -> AsyncIterator[Fire]:
    """The crawling context with a simulated Firecrawl, and the face that its webhooks reach."""
    clock = Clock()
    app = create_app(clock=clock, secret=SECRET)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        settings = {
            "data_dir": tmp_path,
            "database_url": Secret(database_dsn),
            "firecrawl_api_url": f"http://127.0.0.1:{runner.addresses[0][1]}",
            "firecrawl_webhook_secret": Secret(f"the-next-one,{SECRET}"),
            "firecrawl_documents_per_part": 40,
            "firecrawl_requests_per_second": 10_000.0,
            "submit_settle_seconds": 3600.0,
        }
        runtime = await stack.enter_async_context(open_runtime(read_settings(**settings)))
        port = await stack.enter_async_context(serving(face_of(runtime)))
        yield Fire(runtime=runtime, app=app, clock=clock, port=port)


def face_of(runtime: Runtime) -> FastAPI:
    """What webhooks reach."""
    return create_face(title="crawling", gate=OpenGate(), routers=[hints.routes(runtime)], public=PUBLIC)
