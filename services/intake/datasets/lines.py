"""The stored rows of a dataset, as they are read again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from isal import isal_zlib

from infra.runtime.lake import Lake

_GZIP = 31  # zlib's number for: a gzip header and trailer


async def whole_lines(lake: Lake, name: str) -> AsyncGenerator[bytes, None]:
    """The lines of a stored gzip file, in blocks of whole ones. Raises ``ObjectMissing``, ``StoreUnavailable``."""
    unpacking, rest = isal_zlib.decompressobj(wbits=_GZIP), b""
    async with aclosing(lake.read(name)) as blocks:
        async for block in blocks:
            plain = rest + await asyncio.to_thread(unpacking.decompress, block)
            cut = plain.rfind(b"\n") + 1
            rest = plain[cut:]
            if cut:
                yield plain[:cut]
    if rest:
        yield rest + b"\n"
