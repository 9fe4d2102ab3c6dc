"""The events context, served."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.postgres.database import Database
from tests.contract.events.house import House, open_house
from tests.contract.events.team import Endpoint, Open


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    """A face for the tenant `default`."""
    async with open_house(database) as house:
        yield house


@pytest.fixture
async def endpoint() -> AsyncIterator[Open]:
    """Opens endpoints on the loopback."""
    servers, endpoints = [], []

    async def opened(*, status: int = 204, hangs: bool = False) -> Endpoint:
        made = Endpoint(status=status)
        if not hangs:
            made.open.set()
        app = web.Application()
        app.router.add_post("/", made.take)
        server = TestServer(app)
        await server.start_server()
        made.url = str(server.make_url("/"))
        servers.append(server)
        endpoints.append(made)
        return made

    yield opened
    for made in endpoints:
        made.open.set()
    for server in servers:
        await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """What pushes go through."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        yield session
