r"""Judge a result while it streams by: keep the good lines byte for byte, set the bad ones aside, count both.

Pure and synchronous; memory is one block and one line (a JSON array, which some providers send instead, is held
whole). Lines end at ``\n`` and nowhere else: U+2028 and its like are ordinary characters of JSON strings.
"""

import hashlib
import io
from collections.abc import Iterator
from itertools import filterfalse
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from schemas.problem import Problem, ProblemClass
from services.crawling.result.gunzip import ResultCorrupt, ResultTruncated
from services.crawling.result.record import (
    BadLine,
    Fault,
    count_media,
    decode_ordinary,
    decode_record,
    is_error,
    unmarked,
)
from services.crawling.result.tally import Limits, Tally, check_rejects

BATCH = 1 << 19
RAW_BYTES = 4096
_SPACE = b" \t\r\n"
_FAILURES = (ValueError, RecursionError)  # what msgspec raises for input; a damaged line is never a crash


class ResultNotData(Problem):
    """What came is neither NDJSON nor a JSON array: a login page, a captcha, an error text."""

    code: ClassVar[str] = "RESULT_NOT_DATA"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The result is not data"
    recovery: ClassVar[str] = "Check that the provider's URL is right and its service is up, then download again."
    stage: ClassVar[str] = "download"


class ResultTooLarge(Problem):
    """A result, or one line of it, is over its size limit."""

    code: ClassVar[str] = "RESULT_TOO_LARGE"
    kind: ClassVar[ProblemClass] = ProblemClass.DATA
    status: ClassVar[int] = 502
    title: ClassVar[str] = "The result is too large"
    recovery: ClassVar[str] = "Ask for fewer records in one crawl, then trigger it again."
    stage: ClassVar[str] = "download"


class Reject(Struct, frozen=True, kw_only=True):
    """A line that was set aside. ``line`` counts the lines seen from 1, ``raw`` is cut at 4 KiB."""

    line: int
    reason: Fault
    raw: bytes


class Judge:
    """Judges one stream. Give several judges the same tally and digest to count a result of several parts.

    ``digest`` (SHA-256) is over what is kept. ``rejects`` grows; whoever stores them may empty it at any time.
    """

    def __init__(self, *, tally: Tally | None = None, digest: Any = None, limits: Limits | None = None) -> None:
        self.tally = Tally() if tally is None else tally
        self.digest = hashlib.sha256() if digest is None else digest
        self.rejects: list[Reject] = []
        self._limits = limits or Limits()
        self._format: bytes = b""
        self._open: list[bytes] = []
        self._open_bytes = 0

    def feed(self, block: bytes) -> bytes:
        """The good lines that are complete by now.

        Raises ``ResultNotData``, ``ResultTooLarge``, ``RowRejectLimit``.
        """
        self._format = self._format or _format(block)
        end = 0 if self._format == b"[" else block.rfind(b"\n") + 1
        if not end:
            self._keep_open(block)
            return b""
        lines = b"".join((*self._open, memoryview(block)[:end])) if self._open or end < len(block) else block
        self._open, self._open_bytes = [], 0
        self._keep_open(block[end:])
        return self._judge(lines)

    def finish(self, *, last: bool = True) -> Iterator[bytes]:
        """The good lines that are left, in blocks; ``last`` says that no other part follows.

        Raises ``ResultTruncated`` when the stream stops inside a line or an array, ``ResultCorrupt``,
        ``ResultTooLarge``, ``RowRejectLimit``.
        """
        rest = b"".join(self._open)
        self._open, self._open_bytes = [], 0
        if self._format == b"[":
            yield from self._judge_array(rest)
        elif rest.strip(_SPACE):
            yield self._judge_last(rest)
        if last:
            check_rejects(self.tally, self._limits, final=True)

    def _keep_open(self, piece: bytes) -> None:
        array = self._format == b"["
        if piece:
            self._open.append(piece)
            self._open_bytes += len(piece)
        if self._open_bytes > (self._limits.array_bytes if array else self._limits.line_bytes):
            raise ResultTooLarge(f"{'the JSON array' if array else 'one line'} is over {self._open_bytes - 1} bytes")

    def _judge(self, lines: bytes) -> bytes:
        before, media, errors = self.tally.lines, 0, 0
        split = io.BytesIO(lines).readlines()
        if len(lines) > self._limits.line_bytes and max(map(len, split)) - 1 > self._limits.line_bytes:
            raise ResultTooLarge(f"one line is over {self._limits.line_bytes} bytes")
        try:
            for record in filterfalse(unmarked, map(decode_ordinary, split)):
                media += count_media(record)
                errors += is_error(record)
        except _FAILURES:
            return b"".join(self._judge_each(split))
        self._count(lines, rows=len(split), media=media, errors=errors)
        if before < self._limits.share_from <= self.tally.lines:
            check_rejects(self.tally, self._limits, lines=self._limits.share_from)
        return lines

    def _judge_each(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            if not line.strip(_SPACE):
                continue
            try:
                record = decode_record(line)
            except BadLine as bad:
                self._reject(line, bad.fault)
            else:
                self._count(line, media=count_media(record), errors=is_error(record))
                yield line
            if self.tally.rejected and self.tally.lines == self._limits.share_from:
                check_rejects(self.tally, self._limits)

    def _judge_last(self, line: bytes) -> bytes:
        try:
            decode_record(line)
        except BadLine as bad:
            raise ResultTruncated(f"line {self.tally.lines + 1} has no end and is {bad.fault}") from bad
        return self._judge(line + b"\n")

    def _judge_array(self, array: bytes) -> Iterator[bytes]:
        if array.count(b",") > self._limits.array_commas:
            raise ResultTooLarge(f"the JSON array has over {self._limits.array_commas} commas")
        try:
            elements = msgspec.json.decode(array, type=list[msgspec.Raw])
        except _FAILURES as error:
            if not array.rstrip(_SPACE).endswith(b"]"):
                raise ResultTruncated("the JSON array has no end") from error
            raise ResultCorrupt("the JSON array is malformed") from error
        for batch in _batches(elements):
            yield self._judge(batch)

    def _count(self, lines: bytes, *, rows: int = 1, media: int, errors: int) -> None:
        self.tally.rows += rows
        self.tally.media_count += media
        self.tally.error_rows += errors
        self.tally.bytes += len(lines)
        self.digest.update(lines)

    def _reject(self, line: bytes, reason: Fault) -> None:
        self.tally.rejected += 1
        self.rejects.append(Reject(line=self.tally.lines, reason=reason, raw=line.rstrip(b"\n")[:RAW_BYTES]))
        check_rejects(self.tally, self._limits)


def _format(block: bytes) -> bytes:
    first = block.lstrip(_SPACE)[:1]
    if first not in (b"", b"{", b"["):
        raise ResultNotData(f"the result starts with {block.lstrip(_SPACE)[:40]!r}")
    return first


def _batches(elements: list[msgspec.Raw]) -> Iterator[bytes]:
    lines, size = [], 0
    for element in elements:
        lines.append(_one_line(bytes(element)))
        size += len(lines[-1])
        if size >= BATCH:
            yield b"".join(lines)
            lines, size = [], 0
    yield b"".join(lines)


def _one_line(element: bytes) -> bytes:
    """An element of a pretty-printed array has line ends between its tokens; in a string they are malformed anyway."""
    return element.replace(b"\n", b" ") + b"\n"
