"""Ports for programs that tests start: kept for them, so that no connection going out gets one in the meantime."""

import atexit
import socket

_kept: list[socket.socket] = []


@atexit.register
def _give_back() -> None:
    while _kept:
        _kept.pop().close()


def kept_port() -> int:
    """A port on loopback that only somebody who asks for it by its number gets, as long as this process lives.

    It is bound and not listened on: Linux lets another one bind it then, as servers do, with ``SO_REUSEADDR``.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    _kept.append(kept)
    return int(kept.getsockname()[1])
