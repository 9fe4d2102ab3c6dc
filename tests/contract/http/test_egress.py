"""Where callers choose the address, nothing of this machine or its network is connected to."""

import ipaddress
import socket
from collections.abc import Iterator

import aiohttp
import pytest

from infra.runtime.egress.public_only import is_public
from infra.runtime.egress.session import late_session


@pytest.fixture
def inner() -> Iterator[int]:
    """The port of something that listens on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"])
async def test_a_name_or_number_that_leads_inside_is_not_connected_to(inner: int, host: str) -> None:
    async with late_session(public_only=True) as session:
        with pytest.raises(aiohttp.ClientConnectorError, match=r"is not a public address|Cannot connect"):
            await session.post(f"http://{host}:{inner}/")


async def test_control_others_are_connected_to(inner: int) -> None:
    brief = aiohttp.ClientTimeout(total=0.2)  # it is let in, and never answered
    async with late_session() as session:
        with pytest.raises(TimeoutError):
            await session.post(f"http://localhost:{inner}/", timeout=brief)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("169.254.169.254", False),
        ("10.0.0.1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::1", False),
    ],
)
def test_what_is_public_is_of_the_internet(address: str, *, public: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is public
