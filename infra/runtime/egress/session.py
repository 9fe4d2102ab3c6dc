"""The client for what lies outside: made when it is first used, for loading it takes as long as starting a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from infra.runtime.egress.guard import Guard

if TYPE_CHECKING:
    import aiohttp


class _Late:
    """Stands for a session until somebody asks it for anything."""

    def __init__(self, guard: Guard | None) -> None:
        self._guard = guard
        self.made: aiohttp.ClientSession | None = None

    def __getattr__(self, name: str) -> Any:
        if self.made is None:
            self.made = _session() if self._guard is None else _guarded(self._guard)
        return getattr(self.made, name)


@asynccontextmanager
async def late_session(guard: Guard | None = None) -> AsyncIterator["aiohttp.ClientSession"]:
    """A session for the loop that first uses it, closed after the block; with a ``guard`` where callers name hosts.

    A guarded session keeps no cookies; its requests raise ``EgressRefused`` and ``EgressFailed`` too.
    """
    late = _Late(guard)
    try:
        yield cast("aiohttp.ClientSession", late)
    finally:
        if late.made is not None:
            await late.made.close()


def _session(**given: Any) -> "aiohttp.ClientSession":
    import aiohttp  # noqa: PLC0415  # see above

    # no limit here: governors and workers bound what is asked; no decoding: results are judged as they came
    given.setdefault("connector", aiohttp.TCPConnector(limit=0))
    headers = {"User-Agent": f"headrace/{version('headrace')}"}
    return aiohttp.ClientSession(headers=headers, auto_decompress=False, trust_env=False, **given)


def _guarded(guard: Guard) -> "aiohttp.ClientSession":
    import aiohttp  # noqa: PLC0415  # see above

    from infra.runtime.egress.guarded import GuardedResolver, Judge  # noqa: PLC0415  # see above

    # no cache of names: what is connected to is what was judged for it
    connector = aiohttp.TCPConnector(limit=0, resolver=GuardedResolver(guard), use_dns_cache=False)
    return _session(connector=connector, middlewares=[Judge(guard)], cookie_jar=aiohttp.DummyCookieJar())
