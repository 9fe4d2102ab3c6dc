"""Where a connection was taken, and where a request came from."""

import ipaddress

from starlette.types import Scope


def is_loopback(server: tuple[str, int | None] | None) -> bool:
    """Whether an address, as ASGI tells a connection's own, is one that only this machine reaches."""
    try:
        address = ipaddress.ip_address(server[0] if server else "")
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def caller_address(scope: Scope, *, trusted_proxies: int) -> str:
    """Where a request came from: what the first of ``trusted_proxies`` proxies noted, the connection's end without.

    Whatever stands before that in ``X-Forwarded-For`` is the caller's own invention. Of an IPv6 address only the
    network counts: its owner has all addresses in it.
    """
    said = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for").decode("latin-1")
    noted = [one.strip() for one in said.split(",") if one.strip()]
    direct = (scope.get("client") or ("",))[0]
    return _network(noted[-trusted_proxies] if 0 < trusted_proxies <= len(noted) else direct)


def _network(said: str) -> str:
    try:
        address = ipaddress.ip_address(said)
    except ValueError:
        return said[:100]
    plain = getattr(address, "ipv4_mapped", None) or address
    return str(plain) if plain.version == 4 else str(ipaddress.ip_network((plain, 64), strict=False))  # noqa: PLR2004  # IP
