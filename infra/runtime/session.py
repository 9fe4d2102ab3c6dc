"""The client for what lies outside: made when it is first used, for loading it takes as long as starting a process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import aiohttp


class _Late:
    """Stands for a session until somebody asks it for anything."""

    def __init__(self) -> None:
        self.made: aiohttp.ClientSession | None = None

    def __getattr__(self, name: str) -> Any:
        if self.made is None:
            self.made = _session()
        return getattr(self.made, name)


@asynccontextmanager
async def late_session() -> AsyncIterator["aiohttp.ClientSession"]:
    """A session for the loop that first uses it, closed after the block."""
    late = _Late()
    try:
        yield cast("aiohttp.ClientSession", late)
    finally:
        if late.made is not None:
            await late.made.close()


def _session() -> "aiohttp.ClientSession":
    import aiohttp  # noqa: PLC0415  # see above

    # no limit here: governors and workers bound what is asked; no decoding: results are judged as they came
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"User-Agent": f"headrace/{version('headrace')}"}
    return aiohttp.ClientSession(connector=connector, headers=headers, auto_decompress=False, trust_env=False)
