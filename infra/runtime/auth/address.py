"""Where a connection was taken."""

import ipaddress


def is_loopback(server: tuple[str, int | None] | None) -> bool:
    """Whether an address, as ASGI tells a connection's own, is one that only this machine reaches."""
    try:
        address = ipaddress.ip_address(server[0] if server else "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
