"""The lines of a stored result, as they are read again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from isal import isal_zlib

from infra.runtime.lake import Lake

PIECE = 1 << 20  # bytes unpacked at once
_GZIP = 31  # zlib's number for: a gzip header and trailer


class _Unpacking:
    """Any number of gzip members, one after the other."""

    def __init__(self) -> None:
        self._member = isal_zlib.decompressobj(wbits=_GZIP)
        self._packed = b""

    def feed(self, block: bytes) -> None:
        self._packed += block

    def piece(self) -> bytes:
        """What comes next, at most ``PIECE`` bytes; nothing: there has to be fed more."""
        while True:
            plain: bytes = self._member.decompress(self._packed, PIECE)
            if self._member.eof:
                self._packed = self._member.unused_data
                self._member = isal_zlib.decompressobj(wbits=_GZIP)
            else:
                self._packed = self._member.unconsumed_tail
            if plain or not self._packed:
                return plain


async def whole_lines(lake: Lake, name: str) -> AsyncGenerator[list[bytes], None]:
    """Lines without their ends, some at a time: never more at once than one piece and the longest line.

    Raises ``ObjectMissing``, ``StoreUnavailable``.
    """
    unpacking, begun = _Unpacking(), list[bytes]()
    async with aclosing(lake.read(name)) as blocks:
        async for block in blocks:
            unpacking.feed(block)
            while plain := await asyncio.to_thread(unpacking.piece):
                first, *lines = plain.split(b"\n")
                begun.append(first)
                if lines:
                    yield [b"".join(begun), *lines[:-1]]
                    begun = lines[-1:]
    if any(begun):
        yield [b"".join(begun)]
