"""A house of its own for each test."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

from infra.local.simulators.bright_data.app import create_app
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import open_runtime
from tests.flow.crawling.rig import Clock, House


@pytest.fixture
async def house(database_dsn: str, tmp_path: Path) -> AsyncIterator[House]:
    """The crawling context with a simulated provider; orders of unknown fate settle after an hour."""
    clock = Clock()
    app = create_app(clock=clock)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        settings = {
            "data_dir": tmp_path,
            "database_url": Secret(database_dsn),
            "bright_data_api_url": f"http://127.0.0.1:{runner.addresses[0][1]}",
            "bright_data_batch_size": 1000,
            "bright_data_requests_per_second": 10_000.0,
            "submit_settle_seconds": 3600.0,
        }
        runtime = await stack.enter_async_context(open_runtime(read_settings(**settings)))
        yield House(runtime=runtime, app=app, clock=clock)
