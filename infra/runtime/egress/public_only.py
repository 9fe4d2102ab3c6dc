"""Where requests go that callers asked for: public addresses only, whatever a name was said to lead to before."""

import ipaddress
import socket
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotPublic(OSError):
    """A connection to this machine or its network was asked for."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the internet, and of one machine."""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or address
    return address.is_global and not address.is_multicast


def public_socket(info: Any) -> socket.socket:
    """A socket for a resolved address, as ``getaddrinfo`` tells it. Raises ``NotPublic``."""
    family, kind, protocol, _, place = info
    if not is_public(ipaddress.ip_address(place[0])):
        msg = f"{place[0]} is not a public address"
        raise NotPublic(msg)
    return socket.socket(family, kind, protocol)
