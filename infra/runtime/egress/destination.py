"""Where a URL leads: read once, in one way, and whoever asks uses what was read."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit

from msgspec import Struct

from infra.runtime.egress.address import Address, inner_name, public
from infra.runtime.egress.refused import EgressRefused

PORTS = frozenset({80, 443})
LONGEST = 8192  # characters
DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"(?=.{{1,254}}$)({_LABEL}\.)*{_LABEL}\.?")
_AUTHORITY = re.compile(r"(\[[^\[\]]+\]|[^\[\]:]+)(:[0-9]*)?")  # Python's reader takes what stands around the brackets
_NUMBER = re.compile(r"(\d+|0x[0-9a-f]*)")


class Destination(Struct, frozen=True):
    """A host that may be asked, as far as its name tells; ``literal`` if it is an address."""

    scheme: str
    host: str
    port: int
    literal: Address | None
    allowed: bool
    """Whether the operator named it, so that it may be private."""


def destination(
    url: str, allow: frozenset[str] = frozenset(), *, ports: frozenset[int] | None = PORTS, private: bool = False
) -> Destination:
    """Where a URL leads. Names are not looked up here: ``resolve`` judges what they lead to.

    ``allow`` holds hosts and hosts with ports that may be private and on any port; ``ports`` is None for any port,
    and with ``private`` every host may be private.
    Raises ``EgressRefused``.
    """
    scheme, host, port = _parts(url)
    host, literal = _spelled(host)
    allowed = private or not allow.isdisjoint({_bracketed(host), f"{_bracketed(host)}:{port}"})
    if not allowed:
        _judge(host, literal)
        if ports is not None and port not in ports:
            raise EgressRefused(f"{host}: port {port} is not one of the web")
    return Destination(scheme=scheme, host=host, port=port, literal=literal, allowed=allowed)


def spelled(entry: str) -> str:
    """A host, or a host with its port, as ``allow`` holds it. Raises ``EgressRefused`` for what is neither."""
    if any(sign in entry for sign in "/?#"):
        raise EgressRefused(f"{entry!r} is no host")
    _, host, port = _parts(f"http://{entry}")
    host = _bracketed(_spelled(host)[0])
    return f"{host}:{port}" if re.search(r":\d+$", entry) and (entry[0] == "[" or entry.count(":") == 1) else host


def _spelled(host: str) -> tuple[str, Address | None]:
    literal = _literal(host)
    return (host.rstrip("."), None) if literal is None else (str(literal), literal)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _judge(host: str, literal: Address | None) -> None:
    if literal is not None and not public(literal):
        raise EgressRefused(f"{host} is not a public address")
    if literal is None and inner_name(host):
        raise EgressRefused(f"{host} is not a public host")


def _parts(url: str) -> tuple[str, str, int]:
    if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise EgressRefused(f"The URL is longer than {LONGEST} characters, or has characters that a URL must escape")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise EgressRefused(f"The URL cannot be read: {error}") from error
    if parts.scheme not in DEFAULT_PORTS or not host:
        raise EgressRefused("The URL does not start with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise EgressRefused("The URL contains a user name or password")
    if not _AUTHORITY.fullmatch(parts.netloc):
        raise EgressRefused(f"{parts.netloc!r} is not one host")
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if not port:
        raise EgressRefused("The URL names port 0")
    return parts.scheme, host, port


def _literal(host: str) -> Address | None:
    """The address that a host is, however it is written; every reader of URLs must come to the same one."""
    if ":" in host:
        return _literal6(host)
    if not _NAME.fullmatch(host):
        raise EgressRefused(f"{host!r} is not the name of a host")
    if not _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        return None
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host.rstrip(".")))  # 127.1, 0x7f000001 and 2130706433 too
    except OSError as error:
        raise EgressRefused(f"{host!r} is not an address") from error


def _literal6(host: str) -> Address:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError as error:
        raise EgressRefused(f"{host!r} is not an address") from error
    if address.scope_id is not None:
        raise EgressRefused(f"{host!r} names a network of this machine")
    return address
