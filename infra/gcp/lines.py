"""Connections to Google that are kept: requests keeps ten a host, and closes what comes back beyond them.

Import this module inside functions only, as the clients it is about.
"""

from typing import Any

from infra.gcp.threads import MOST

_HOSTS = 10  # that a client calls, at most; as many as requests takes unasked


def keep(client: Any) -> None:
    """Have a client of Google's keep one connection for each thread that uses it, instead of a new one each call."""
    session = client._http  # noqa: SLF001  # what carries its requests; there is no other way to it
    for scheme in ("https://", "http://"):
        session.get_adapter(scheme).init_poolmanager(_HOSTS, MOST)
