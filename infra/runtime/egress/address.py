"""Which addresses are of the internet, and which names can only be of this machine or its network."""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST6 = ipaddress.IPv6Network("2000::/3")
# Python's `is_global` calls some of these global: they carry another address, or stand in no public registry.
_NEVER6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
_NEVER4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "192.0.0.0/24",  # protocols, and the metadata of one cloud
            "192.88.99.0/24",  # relays of 6to4
            "168.63.129.16/32",  # the metadata of another cloud
        ),
    )
)
_INNER = ("localhost", "local", "internal", "lan", "home.arpa", "localdomain", "intranet", "corp", "home", "private")


def public(address: Address | str) -> bool:
    """Whether an address is one of the internet, and of one machine. Raises ``ValueError`` for what is no address."""
    if isinstance(address, str):
        address = ipaddress.ip_address(address)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return _public6(address)
        address = address.ipv4_mapped
    refused = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not refused and not any(address in net for net in _NEVER4)


def _public6(address: ipaddress.IPv6Address) -> bool:
    address = ipaddress.IPv6Address(int(address))  # without its zone
    return address in _UNICAST6 and address.is_global and not any(address in net for net in _NEVER6)


def inner_name(name: str) -> bool:
    """Whether a host's name can only be of this machine or its network, whatever it leads to."""
    name = name.rstrip(".").lower()
    return "." not in name or name.endswith(tuple(f".{end}" for end in _INNER))
