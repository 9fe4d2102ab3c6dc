"""Templates of lines, plain and deflated: post numbers are filled in without compressing anything again."""

import struct
import zlib
from collections.abc import Sequence
from functools import cached_property
from itertools import chain

_SYNC = zlib.Z_SYNC_FLUSH


class Template:
    """Lines as (head, rest): a head holds the line's number twice, or is empty. Both are ready for ``%``.

    Deflated, a head is a stored block and the rest is compressed. The compressor sees zeros where heads are:
    no JSON text contains a zero byte, so nothing it writes can refer to a number that is not known yet.
    """

    def __init__(self, lines: Sequence[tuple[bytes, bytes]]) -> None:
        self._lines = lines

    @cached_property
    def _plain(self) -> bytes:
        return b"".join(chain.from_iterable(self._lines))

    @cached_property
    def _deflated(self) -> bytes:
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        out = []
        for head, rest in self._lines:
            size = len(head % (0, 0)) if head else 0
            packer.compress(bytes(size))
            packer.flush(_SYNC)
            packed = packer.compress(rest % ()) + packer.flush(_SYNC)
            stored = struct.pack("<BHH", 0, size, size ^ 0xFFFF) if head else b""
            out.append(stored.replace(b"%", b"%%") + head + packed.replace(b"%", b"%%"))
        return b"".join(out)

    @cached_property
    def size(self) -> int:
        """Bytes of the plain lines."""
        return len(self._plain % self._twice(range(sum(1 for head, _ in self._lines if head))))

    def plain(self, numbers: range) -> bytes:
        """The lines with these numbers."""
        return self._plain % self._twice(numbers)

    def deflated(self, numbers: range) -> bytes:
        """The same lines as raw deflate data that ends on a byte and is not the last block."""
        return self._deflated % self._twice(numbers)

    @staticmethod
    def _twice(numbers: range) -> tuple[int, ...]:
        return tuple(chain.from_iterable(zip(numbers, numbers, strict=True)))
