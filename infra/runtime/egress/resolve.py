"""What a name leads to, looked up once: the addresses that are then connected to, or none of them."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

from infra.runtime.egress.address import Address, public
from infra.runtime.egress.destination import Destination
from infra.runtime.egress.refused import EgressFailed, EgressRefused

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name, as the system knows them. Raises ``OSError``."""


async def look_up(name: str) -> list[str]:
    """The addresses of a name, as this machine knows them. Raises ``OSError``."""
    found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return [str(info[4][0]) for info in found]


async def resolve(there: Destination, *, lookup: Lookup = look_up) -> list[str]:
    """The addresses that may be connected to for it: connect to one of them, never to the name again.

    One address that is not public makes them all suspect. Raises ``EgressRefused`` and ``EgressFailed``.
    """
    if there.literal is not None:
        found = [str(there.literal)]
    else:
        try:
            found = list(dict.fromkeys(await lookup(there.host)))
        except OSError as error:
            raise EgressFailed(f"{there.host} leads to no address") from error
    if not found:
        raise EgressFailed(f"{there.host} leads to no address")
    for one in found:
        _judge(there, ipaddress.ip_address(one))
    return found


def _judge(there: Destination, address: Address) -> None:
    if there.allowed:
        if there.literal is None and address.is_link_local:  # metadata: nobody means it by a name
            raise EgressRefused(f"{there.host} leads to {address}, where machines keep their secrets")
    elif not public(address):
        raise EgressRefused(f"{there.host} leads to {address}, which is not a public address")
    elif _ours(address):
        raise EgressRefused(f"{there.host} leads to {address}, which is this machine")


def _ours(address: Address) -> bool:
    """Whether an address is of this machine: then it would be sent from itself. Nothing is sent to find out."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004  # versions are numbers
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return ipaddress.ip_address(probe.getsockname()[0]) == address
    except OSError:
        return False  # there is no way to it at all
