"""Bodies that come compressed although nobody asked for it: never more of them than was wanted."""

import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from infra.runtime.egress.refused import EgressFailed, EgressTooLarge

_AT_ONCE = 65_536
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


async def decoded(chunks: AsyncIterator[bytes], encoding: str, *, limit: int) -> AsyncIterator[bytes]:
    """The body in pieces of at most 64 KiB. Raises ``EgressTooLarge`` beyond ``limit`` bytes, and ``EgressFailed``."""
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        async for chunk in chunks:
            yield chunk
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise EgressFailed(f"The answer is encoded as {encoding[:40]!r}, which was not asked for")
    inflating = _Inflating()
    async for chunk in chunks:
        for piece in inflating.feed(chunk):
            limit -= len(piece)
            if limit < 0:
                raise EgressTooLarge("The answer has more bytes, once decoded, than are read")
            yield piece
    if not inflating.whole:
        raise EgressFailed("The answer ends in the middle of what was compressed")


class _Inflating:
    def __init__(self) -> None:
        self._member: Any = None
        self.whole = True
        """Whether nothing is missing so far."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        more = True
        while data or more:
            piece, data = self._some(data)
            if piece:
                yield piece
            more = len(piece) == _AT_ONCE  # a full piece may not be all that lies ready
        self.whole = self._member is None

    def _some(self, data: bytes) -> tuple[bytes, bytes]:
        if self._member is None:
            if not data:
                return b"", b""
            self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        member = self._member
        try:
            piece = member.decompress(data, _AT_ONCE)
        except zlib.error as error:
            raise EgressFailed("The answer is not compressed as it says") from error
        if member.eof:
            self._member = None  # another may follow
        return piece, member.unused_data if member.eof else member.unconsumed_tail
