"""Lines of gzip NDJSON, fed in blocks, in bounded memory."""

from collections.abc import Iterator

from isal import isal_zlib

_STEP = 1 << 20  # bytes unpacked at a time: a small block can hold gigabytes of repetition
_GZIP = 31  # window bits: gzip header and trailer, verified


class Damaged(Exception):
    """The stream is not gzip, or ends before its end."""


class Lines:
    """Splits at line feeds only. Memory: 1 MiB and the longest line."""

    def __init__(self) -> None:
        self._gunzip = isal_zlib.decompressobj(_GZIP)
        self._fresh = True  # between two gzip members
        self._rest: list[bytes] = []

    def feed(self, block: bytes) -> Iterator[list[bytes]]:
        """The lines that end in this block, without their line feed. Raises ``Damaged``."""
        for piece in self._unpack(block):
            self._rest.append(piece)
            if b"\n" in piece:
                *lines, rest = b"".join(self._rest).split(b"\n")
                self._rest = [rest]
                yield lines

    def end(self) -> Iterator[list[bytes]]:
        """What is left, once all blocks were fed: a last line without line feed. Raises ``Damaged``."""
        yield from self.feed(b"")
        if not self._fresh:
            raise Damaged("The gzip stream ends before its end.")
        if rest := b"".join(self._rest):
            yield [rest]

    def _unpack(self, block: bytes) -> Iterator[bytes]:
        while block or not self._fresh:
            try:
                piece = self._gunzip.decompress(block, _STEP)
            except isal_zlib.error as error:  # type: ignore[misc]  # the stub calls it an object
                raise Damaged(f"The gzip stream is damaged: {error}.") from error
            self._fresh = False
            if piece:
                yield piece
            if self._gunzip.eof:
                block, self._gunzip, self._fresh = self._gunzip.unused_data, isal_zlib.decompressobj(_GZIP), True
            else:
                block = self._gunzip.unconsumed_tail
                if not block and len(piece) < _STEP:
                    return
