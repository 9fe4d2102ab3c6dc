"""Gunzip a stream and prove that it was whole: every member to its end, every checksum right, no bomb."""

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from isal import isal_zlib

from schemas.problem import Problem, ProblemClass

MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
MAX_RATIO = 200
SLACK = 16 << 20  # this much may come out whatever went in
_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # the stub calls the class an instance
_GZIP = 31  # zlib's number for: a gzip header and trailer


class ResultTruncated(Problem):
    """A result ended before its end."""

    code: ClassVar[str] = "RESULT_TRUNCATED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The result ended too early"
    recovery: ClassVar[str] = "The part is fetched again by itself; if that keeps failing, download the crawl later."
    remedy: ClassVar[str | None] = "Download the crawl later: the parts that came were not whole."
    stage: ClassVar[str] = "download"


class ResultCorrupt(Problem):
    """A result cannot be read. The way to us may have damaged it, so it deserves a few tries, but not many."""

    code: ClassVar[str] = "RESULT_CORRUPT"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    tries: ClassVar[int | None] = 3
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The result is damaged"
    recovery: ClassVar[str] = "Download the crawl again; if it is damaged again, report the snapshot to the provider."
    stage: ClassVar[str] = "download"


class ResultBomb(Problem):
    """A few compressed bytes want to become very many."""

    code: ClassVar[str] = "RESULT_BOMB"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The result unpacks to a suspicious size"
    recovery: ClassVar[str] = "Look at the snapshot at the provider before you download it again."
    stage: ClassVar[str] = "download"


class Gunzip:
    """One gzip stream of any number of members; zeros between and after them are padding.

    Output comes in blocks of at most 1 MiB. Raises ``ResultCorrupt`` for bad bytes and for gzip inside gzip,
    and ``ResultBomb`` when more than ``slack`` bytes and ``max_ratio`` times the input have come out.
    """

    def __init__(self, *, max_ratio: int = MAX_RATIO, slack: int = SLACK) -> None:
        self._max_ratio, self._slack = max_ratio, slack
        self._member: Any = isal_zlib.decompressobj(wbits=_GZIP)
        self._first = self._untouched = True
        self._bytes_in = self._bytes_out = 0
        self._head = b""

    def feed(self, block: bytes) -> Iterator[bytes]:
        """What this block of compressed bytes unpacks to; do not feed the next before this is exhausted."""
        self._bytes_in += len(block)
        while block:
            if self._untouched and not self._first and not (block := block.lstrip(b"\0")):
                return
            yield from self._unpack(block)
            if not self._member.eof:
                block = self._member.unconsumed_tail
                continue
            block = self._member.unused_data
            self._member = isal_zlib.decompressobj(wbits=_GZIP)
            self._untouched, self._first = True, False

    def finish(self) -> Iterator[bytes]:
        """The last blocks. Raises ``ResultTruncated`` if the stream stopped inside a member or had none."""
        between_members = self._untouched and not self._first
        while not between_members and not self._member.eof:
            before = self._bytes_out
            yield from self._unpack(b"")
            if self._bytes_out == before and not self._member.eof:
                raise ResultTruncated(f"gzip stream stops after {self._bytes_in} bytes, inside a member")

    def _unpack(self, block: bytes) -> Iterator[bytes]:
        self._untouched = False
        try:
            out: bytes = self._member.decompress(block, BLOCK)
        except _ERROR as error:
            raise ResultCorrupt(f"gzip stream is damaged near byte {self._bytes_in}: {error}") from error
        self._bytes_out += len(out)
        if self._bytes_out > max(self._slack, self._max_ratio * self._bytes_in):
            raise ResultBomb(f"{self._bytes_in} bytes unpacked to more than {self._bytes_out}")
        if len(self._head) < len(MAGIC):
            self._head += out[: len(MAGIC) - len(self._head)]
            if self._head == MAGIC:
                raise ResultCorrupt("the result is compressed twice")
        if out:
            yield out


def gunzip(blocks: Iterable[bytes], *, max_ratio: int = MAX_RATIO, slack: int = SLACK) -> Iterator[bytes]:
    """Unpack a whole stream; raises as ``Gunzip`` does."""
    stream = Gunzip(max_ratio=max_ratio, slack=slack)
    for block in blocks:
        yield from stream.feed(block)
    yield from stream.finish()
