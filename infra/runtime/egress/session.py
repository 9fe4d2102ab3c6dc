"""The client for what lies outside: made when it is first used, for loading it takes as long as starting a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

from infra.runtime.egress.public_only import public_socket

if TYPE_CHECKING:
    import aiohttp


class _Late:
    """Stands for a session until somebody asks it for anything."""

    def __init__(self, *, public_only: bool) -> None:
        self._public_only = public_only
        self.made: aiohttp.ClientSession | None = None

    def __getattr__(self, name: str) -> Any:
        if self.made is None:
            self.made = _session(public_only=self._public_only)
        return getattr(self.made, name)


@asynccontextmanager
async def late_session(*, public_only: bool = False) -> AsyncIterator["aiohttp.ClientSession"]:
    """A session for the loop that first uses it, closed after the block; ``public_only``: callers chose the address."""
    late = _Late(public_only=public_only)
    try:
        yield cast("aiohttp.ClientSession", late)
    finally:
        if late.made is not None:
            await late.made.close()


def _session(*, public_only: bool) -> "aiohttp.ClientSession":
    import aiohttp  # noqa: PLC0415  # see above

    # no limit here: governors and workers bound what is asked; no decoding: results are judged as they came
    connector = aiohttp.TCPConnector(limit=0, socket_factory=public_socket if public_only else None)
    headers = {"User-Agent": f"headrace/{version('headrace')}"}
    return aiohttp.ClientSession(connector=connector, headers=headers, auto_decompress=False, trust_env=False)
