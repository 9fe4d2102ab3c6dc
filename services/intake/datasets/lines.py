"""The stored rows of a dataset, as they are read again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from isal import isal_zlib

from infra.runtime.lake import Lake
from services.intake.store.blocks import Place

_GZIP = 31  # zlib's number for: a gzip header and trailer


async def whole_lines(lake: Lake, name: str, place: Place = Place()) -> AsyncGenerator[bytes, None]:  # noqa: B008  # it cannot change
    """The lines of a stored gzip file, or of blocks of it, some whole ones at a time.

    Raises ``ObjectMissing``, ``StoreUnavailable``.
    """
    unpacking, rest = isal_zlib.decompressobj(wbits=_GZIP), b""
    async with aclosing(lake.read(name, start=place.start, size=place.size)) as blocks:
        async for packed in blocks:
            block = packed
            while block:
                plain = rest + await asyncio.to_thread(unpacking.decompress, block)
                block = unpacking.unused_data
                if unpacking.eof:
                    unpacking = isal_zlib.decompressobj(wbits=_GZIP)
                cut = plain.rfind(b"\n") + 1
                rest = plain[cut:]
                if cut:
                    yield plain[:cut]
    if rest:
        yield rest + b"\n"
