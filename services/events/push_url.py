"""Where events may be pushed to: public web addresses, and this machine only while nobody else can reach us."""

import ipaddress
import socket
from typing import ClassVar
from urllib.parse import urlsplit

from infra.runtime.egress.public_only import Address, is_public
from schemas.problem import Problem

_LONGEST = 2048  # characters
_INNER = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


class PushUrlRefused(Problem):
    """Events are not pushed to this address."""

    code: ClassVar[str] = "PUSH_URL_REFUSED"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "Events cannot be pushed to this address"
    recovery: ClassVar[str] = (
        "Give an http:// or https:// URL of a public host, without user name or password; "
        "a host of this machine or its network is taken only while Headrace serves loopback."
    )


def check_push_url(url: str, *, private_urls: bool) -> None:
    """Raise ``PushUrlRefused`` unless events may be pushed there; ``private_urls`` allows loopback and inner networks.

    A public name may still lead to a private address: ``infra.runtime.egress`` refuses it where it is connected to.
    """
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise PushUrlRefused("The URL is longer than 2048 characters, or has characters a URL must escape")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise PushUrlRefused(f"The URL cannot be read: {error}") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise PushUrlRefused("The URL does not start with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise PushUrlRefused("The URL contains a user name or password")
    if not private_urls and _is_private(host):
        raise PushUrlRefused(f"{host} is not a public host")


def _is_private(host: str) -> bool:
    name = host.rstrip(".")
    address = _address(name)
    if address is None:
        return "." not in name or name.endswith(_INNER)
    return not is_public(address)


def _address(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001 and 2130706433 are loopback too
    except OSError:
        return None
