"""The adapters of paid providers, and the simulators they talk to."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from infra.local.simulators import firecrawl as simulated_firecrawl
from infra.local.simulators.bright_data import Server, serve
from services.crawling.providers.bright_data.provider import BrightData
from services.crawling.providers.firecrawl.provider import Firecrawl
from tests.contract.providers.firecrawl_rig import firecrawl_at
from tests.contract.providers.rig import TOKEN, Ledger, provider


@pytest.fixture
async def simulator() -> AsyncIterator[Server]:
    """A Bright Data of its own for each test."""
    server = await serve(token=TOKEN)
    yield server
    await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Connections that hand over bodies as they come."""
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield session


@pytest.fixture
def bright_data(simulator: Server, session: aiohttp.ClientSession) -> BrightData:
    """The adapter, talking to the simulator."""
    return provider(session, simulator.url)


@pytest.fixture
async def ledger(simulator: Server, session: aiohttp.ClientSession) -> Ledger:
    """Reads what the simulator has sold."""

    async def read() -> list[dict[str, Any]]:
        async with session.get(f"{simulator.url}/simulator/ledger") as response:
            entries: list[dict[str, Any]] = (await response.json())["snapshots"]
            return entries

    return read


@pytest.fixture
async def firecrawl_simulator() -> AsyncIterator[simulated_firecrawl.Server]:
    """A Firecrawl of its own for each test."""
    server = await simulated_firecrawl.serve(token=TOKEN)
    yield server
    await server.close()


@pytest.fixture
def firecrawl(firecrawl_simulator: simulated_firecrawl.Server, session: aiohttp.ClientSession) -> Firecrawl:
    """The adapter, talking to the simulator."""
    return firecrawl_at(session, firecrawl_simulator.url)


@pytest.fixture
async def bought(firecrawl_simulator: simulated_firecrawl.Server, session: aiohttp.ClientSession) -> Ledger:
    """Reads what the simulated Firecrawl has sold."""

    async def read() -> list[dict[str, Any]]:
        async with session.get(f"{firecrawl_simulator.url}/simulator/ledger") as response:
            jobs: list[dict[str, Any]] = (await response.json())["jobs"]
            return jobs

    return read
