"""The bodies a snapshot can be downloaded as. Everything streams; nothing holds more than a block."""

import csv
import gzip
import hashlib
import io
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from isal import isal_zlib

from infra.local.simulators.bright_data.records.lines import Plan, posts

BLOCK = 1 << 18
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"
_COLUMNS = (
    *("post_id", "url", "content", "date_posted", "likes", "num_comments", "num_shares", "hashtags", "post_type"),
    *("photos", "video", "page_name", "timestamp", "input", "discovery_input", "error", "error_code"),
)


@dataclass(frozen=True, kw_only=True)
class Body:
    """Bytes to send: ``blocks`` starts from the beginning each time; ``length`` is None where nobody counted."""

    blocks: Callable[[], Iterator[bytes]]
    content_type: str
    length: int | None = None
    encoding: str | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """Lines of a plan, from ``start`` up to ``stop``."""

    plan: Plan
    start: int
    stop: int

    def ndjson(self) -> Iterator[bytes]:
        """The lines, in blocks."""
        return gather(p.template.plain(p.numbers) for p in posts(self.plan).pieces(self.start, self.stop))

    def size(self) -> int:
        """Bytes of the lines."""
        return sum(p.template.size for p in posts(self.plan).pieces(self.start, self.stop))

    def gzip(self) -> Iterator[bytes]:
        """The lines as one gzip member, in blocks."""
        return gather(self._gzip())

    def _gzip(self) -> Iterator[bytes]:
        crc = size = 0
        yield GZIP_HEADER
        for piece in posts(self.plan).pieces(self.start, self.stop):
            plain = piece.template.plain(piece.numbers)
            crc, size = isal_zlib.crc32(plain, crc), size + len(plain)
            yield piece.template.deflated(piece.numbers)
        yield _LAST_BLOCK + struct.pack("<II", crc, size & 0xFFFFFFFF)


def gather(blocks: Iterable[bytes], at_least: int = BLOCK) -> Iterator[bytes]:
    """The same bytes in blocks of about one size, whole lines staying whole."""
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size >= at_least:
            yield b"".join(held)
            held, size = [], 0
    if held:
        yield b"".join(held)


def _array(lines: Iterator[bytes]) -> Iterator[bytes]:
    held = b""
    yield b"["
    for block in lines:
        if held:
            yield held.replace(b"\n", b",\n")
        held = block
    yield held[:-1].replace(b"\n", b",\n") + b"]"


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _csv(lines: Iterator[bytes]) -> Iterator[bytes]:
    sheet = io.StringIO(newline="")
    writer = csv.DictWriter(sheet, _COLUMNS)
    writer.writeheader()
    for block in lines:
        for line in block.rstrip(b"\n").split(b"\n"):
            try:
                writer.writerow({key: _cell(value) for key, value in json.loads(line).items()})
            except ValueError:
                sheet.write(line.decode() + "\r\n")
        yield sheet.getvalue().encode()
        sheet.seek(0)
        sheet.truncate()


def gzip_of(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Any bytes as one gzip member."""
    packer = isal_zlib.compressobj(1, zlib.DEFLATED, 31)
    for block in blocks:
        yield packer.compress(block)
    yield packer.flush()


def members_of(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Any bytes as many gzip members, at least two."""
    for block in blocks:
        for half in (block[: len(block) // 2], block[len(block) // 2 :]):
            yield gzip.compress(half, 1, mtime=0)


def bomb(mebibytes: int) -> Iterator[bytes]:
    """Gzip members that unpack to a thousand times their size: one endless line of spaces."""
    member = gzip.compress(b" " * (1 << 20), 9, mtime=0)
    return (member for _ in range(mebibytes))


def body_of(span: Span, *, form: str, compress: bool) -> Body:
    """What a healthy download sends. ``form`` is json, ndjson, jsonl or csv."""
    size = span.size()
    match form:
        case "json":
            plain = Body(
                blocks=lambda: _array(span.ndjson()),
                content_type="application/json",
                length=size + max(span.stop - span.start, 1) + (not size),
            )
        case "csv":
            plain = Body(blocks=lambda: _csv(span.ndjson()), content_type="text/csv")
        case _:
            plain = Body(blocks=span.ndjson, content_type="application/x-ndjson", length=size)
    if not compress:
        return plain
    lines = form in {"ndjson", "jsonl"}
    return Body(blocks=span.gzip if lines else lambda: gzip_of(plain.blocks()), content_type="application/gzip")


@lru_cache(maxsize=4096)
def digest(plan: Plan) -> tuple[str, int]:
    """SHA-256 and size in bytes of all lines of a plan, uncompressed."""
    seen, size = hashlib.sha256(), 0
    for block in Span(plan=plan, start=0, stop=plan.lines).ndjson():
        seen.update(block)
        size += len(block)
    return seen.hexdigest(), size
