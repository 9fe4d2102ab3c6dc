"""Where callers choose the address, nothing of this machine or its network is connected to."""

import socket
from collections.abc import Iterator

import aiohttp
import pytest

from infra.runtime.egress.guard import Guard
from infra.runtime.egress.refused import EgressRefused
from infra.runtime.egress.session import late_session


@pytest.fixture
def inner() -> Iterator[int]:
    """The port of something that listens on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def inside(name: str) -> list[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "team.example"])
async def test_a_name_or_number_that_leads_inside_is_not_connected_to(inner: int, host: str) -> None:
    async with late_session(Guard(ports=None, lookup=inside)) as session:
        with pytest.raises(EgressRefused, match="is not a public"):
            await session.post(f"http://{host}:{inner}/")


async def test_control_others_are_connected_to(inner: int) -> None:
    brief = aiohttp.ClientTimeout(total=0.2)  # it is let in, and never answered
    async with late_session() as session:
        with pytest.raises(TimeoutError):
            await session.post(f"http://localhost:{inner}/", timeout=brief)
