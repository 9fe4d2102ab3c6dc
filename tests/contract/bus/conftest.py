"""Every bus goes through the same tests; where one is known to differ, the test must fail."""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.contract.bus import rig as rigs
from tests.contract.bus.differences import DIFFERENCES, Difference
from tests.contract.bus.endpoint import Endpoint, Serve
from tests.contract.bus.rig import EmbeddedRig, PubSubRig, Rig


@pytest.fixture(params=["embedded", "pubsub"])
async def rig(request: pytest.FixtureRequest, database_dsn: str) -> AsyncIterator[Rig]:
    """A bus of its own for each test."""
    async with AsyncExitStack() as stack:
        if request.param == "embedded":
            yield EmbeddedRig(database_dsn, stack)
        else:
            yield PubSubRig(request.getfixturevalue("pubsub_emulator"), database_dsn, stack)


@pytest.fixture
async def pubsub(pubsub_emulator: str, database_dsn: str) -> AsyncIterator[PubSubRig]:
    """A project of its own for each test of what only Pub/Sub does."""
    async with AsyncExitStack() as stack:
        yield PubSubRig(pubsub_emulator, database_dsn, stack)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Puts an endpoint on the loopback; returns its URL."""
    servers = []

    async def start(endpoint: Endpoint) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", endpoint.take)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("/events?team=a"))

    yield start
    for server in servers:
        await server.close()


@pytest.fixture(autouse=True)
def _less_patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    difference = _difference(request.node)
    if difference is not None:
        for module in (rigs, sys.modules[request.module.__name__]):
            monkeypatch.setattr(module, "PATIENCE", difference.patience, raising=False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and (difference := _difference(item)) is not None:
            item.add_marker(
                pytest.mark.xfail(reason=difference.why, strict=True, raises=(AssertionError, TimeoutError))
            )
            if difference.slow:
                item.add_marker(pytest.mark.slow)


def _difference(item: pytest.Item) -> Difference | None:
    """The entry of a test over Pub/Sub, with its other parameters or without any."""
    name, _, parameters = item.name.partition("[")
    over, _, others = parameters.rstrip("]").partition("-")
    found = DIFFERENCES.get(f"{name}[{others}]") or DIFFERENCES.get(name)
    return found if over == "pubsub" else None
