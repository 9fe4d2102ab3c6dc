"""The gate while authentication is off: programs of this machine come in, web pages of others do not.

Any page that a browser of this machine shows can send requests to loopback. A name of its own that leads here
(DNS rebinding) shows in ``Host``, a foreign page in ``Origin`` and ``Sec-Fetch-Site``.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import ClassVar
from urllib.parse import urlsplit

from starlette.types import Scope

from infra.runtime.auth.address import is_loopback
from infra.runtime.auth.caller import LOCAL, Caller
from infra.runtime.auth.gate import SAFE
from schemas.problem import Problem, ProblemClass

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Reachable(Problem):
    """The server listens where others reach it, while everybody may do everything."""

    code: ClassVar[str] = "AUTH_OFF"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "Authentication is off, so only connections of this machine are served"
    recovery: ClassVar[str] = "Set HEADRACE_AUTH=on, or have the server listen on 127.0.0.1."


class HostRefused(Problem):
    """A request to a name that is not this machine's."""

    code: ClassVar[str] = "HOST_REFUSED"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 421
    title: ClassVar[str] = "Nobody is served under this name while authentication is off"
    recovery: ClassVar[str] = "Use http://127.0.0.1, or set HEADRACE_AUTH=on to be served under other names."


class CrossSite(Problem):
    """A page of somebody else wants to change something."""

    code: ClassVar[str] = "CROSS_SITE"
    kind: ClassVar[ProblemClass] = ProblemClass.AUTH
    status: ClassVar[int] = 403
    title: ClassVar[str] = "Web pages of others may change nothing here"
    recovery: ClassVar[str] = "Send the request from a program or from a page of this machine, or set HEADRACE_AUTH=on."


class LoopbackOnly:
    """``public_host`` is the name under which providers reach our webhooks; nothing else is served there."""

    def __init__(self, *, host: str, public_host: str | None) -> None:
        self._ours = LOOPBACK | {host}
        self._public = self._ours | ({public_host} if public_host else set())

    async def admit(self, scope: Scope) -> Caller:
        """See ``Gate.admit``. Raises ``Reachable``, ``HostRefused``, ``CrossSite``."""
        self._judge(scope, self._ours)
        return LOCAL

    def admit_stranger(self, scope: Scope) -> None:
        """See ``Gate.admit_stranger``. Raises ``Reachable``, ``HostRefused``, ``CrossSite``."""
        self._judge(scope, self._public)

    def _judge(self, scope: Scope, names: AbstractSet[str]) -> None:
        headers: Mapping[bytes, bytes] = dict(scope["headers"])
        if not is_loopback(scope.get("server")):
            raise Reachable
        _refuse_host(headers, names)
        if scope["method"] not in SAFE and _is_foreign(headers, self._ours):
            raise CrossSite


def of_this_machine(scope: Scope) -> bool:
    """Whether a request came to this machine's own address by its own name, and not from a foreign page."""
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    named = _host(f"//{_said(headers)}") in LOOPBACK
    return is_loopback(scope.get("server")) and named and not _is_foreign(headers, LOOPBACK)


def _refuse_host(headers: Mapping[bytes, bytes], ours: AbstractSet[str]) -> None:
    said = _said(headers)
    if _host(f"//{said}") not in ours:
        raise HostRefused(f"The request was sent to {said[:200] or 'no host'}")


def _said(headers: Mapping[bytes, bytes]) -> str:
    return headers.get(b"host", b"").decode("latin-1")


def _is_foreign(headers: Mapping[bytes, bytes], ours: AbstractSet[str]) -> bool:
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return True
    origin = headers.get(b"origin")
    return origin is not None and _host(origin.decode("latin-1")) not in ours


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
