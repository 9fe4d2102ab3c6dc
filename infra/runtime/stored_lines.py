"""The lines of what lies packed in the lake, as they are read again."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from isal import isal_zlib

from infra.runtime.lake import Lake

PIECE = 1 << 20  # bytes unpacked at once
_GZIP = 31  # zlib's number for: a gzip header and trailer


async def stored_lines(
    lake: Lake, name: str, *, start: int = 0, size: int | None = None
) -> AsyncGenerator[bytes, None]:
    """Whole lines with their ends, some at a time: never more at once than one piece and the longest line.

    The object is gzip members one after the other; what is read of it by ``start`` and ``size`` begins with one.
    Raises ``ObjectMissing``, ``StoreUnavailable``.
    """
    unpacking, begun = _Unpacking(), list[bytes]()
    async with aclosing(lake.read(name, start=start, size=size)) as blocks:
        async for block in blocks:
            unpacking.feed(block)
            while plain := await asyncio.to_thread(unpacking.piece):
                if cut := plain.rfind(b"\n") + 1:
                    yield b"".join([*begun, plain[:cut]])
                    begun.clear()
                begun.append(plain[cut:])
    if any(begun):
        yield b"".join([*begun, b"\n"])


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
