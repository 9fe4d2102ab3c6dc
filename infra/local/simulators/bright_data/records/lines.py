"""The records of a snapshot: any number of NDJSON lines from a few templates, the same bytes every time."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from infra.local.simulators.bright_data.records.template import Template
from infra.local.simulators.bright_data.records.text import post, stamp

_VARIANTS = 128  # at usual lengths more text than deflate's 32 KiB window: a snapshot compresses like real posts
_BLOCK_LINES = 256
_FIRST_POST = 1_000_000_000_000_000  # 16 digits, so that every line of a template has one length

BAD_LINES = (
    b'{"post_id":"0000000000000001","content":"cut in the mid\n',
    b'{"post_id":"0000000000000002","likes":NaN}\n',
    b"<!-- upstream error -->\n",
    b'{"post_id":"0000000000000003","likes":1,}\n',
)
"""Lines no JSON parser accepts."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a snapshot holds. Equal plans are equal bytes; ``records`` and ``errors`` are per input."""

    seed: str
    inputs: tuple[str, ...]  # JSON, as ordered
    records: tuple[int, ...]
    errors: tuple[int, ...]
    error: tuple[str, str] = ("4XX page - dead page.", "dead_page")
    error_lines: bool = False
    discovery: bool = False
    bad_lines: int = 0
    line_bytes: int = 0

    @property
    def lines(self) -> int:
        """Lines of the whole snapshot."""
        return sum(self.records) + (sum(self.errors) if self.error_lines else 0)


@dataclass(frozen=True)
class Piece:
    """Consecutive whole lines: a template and the numbers that go into it."""

    template: Template
    numbers: range = range(0)


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _escape(line: bytes) -> bytes:
    return line.replace(b"%", b"%%")


def _fixed(line: bytes) -> Piece:
    return Piece(Template([(b"", _escape(line))]))


class _Section:
    """The records of one input."""

    def __init__(self, row: str, bodies: Sequence[bytes], *, collected: str, discovery: bool) -> None:
        given = json.loads(row)
        url = str(given.get("url") or f"https://www.facebook.com/{given.get('keyword', 'page')}")
        page = urlsplit(url).path.strip("/") or "page"
        tail: dict[str, Any] = {"page_name": page.replace(".", " ").title(), "timestamp": collected, "input": given}
        if discovery:
            tail["discovery_input"] = given
        address = _escape(_dump(f"https://www.facebook.com/{page}/posts/")[:-1])
        self._head = b'{"post_id":"%016d","url":' + address + b'%016d",'
        self._tail = b"," + _escape(_dump(tail)[1:]) + b"\n"
        self._bodies = bodies
        self._whole: Template | None = None

    def template(self, start: int, lines: int) -> Template:
        """The template of some records, counted inside the input; the one of a full block is kept."""
        if lines < _BLOCK_LINES:
            return Template(self._lines(start, lines))
        self._whole = self._whole or Template(self._lines(0, lines))
        return self._whole

    def _lines(self, start: int, lines: int) -> list[tuple[bytes, bytes]]:
        bodies = self._bodies
        return [(self._head, bodies[n % len(bodies)] + self._tail) for n in range(start, start + lines)]


class Posts:
    """A snapshot's lines, by range. Memory is a few hundred kilobytes however many there are."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._collected = stamp(plan.seed)
        variants = max(1, min(_VARIANTS, max(plan.records, default=0)))
        posts = (post(plan.seed, n, plan.line_bytes) for n in range(variants))
        self._bodies = [_escape(_dump(fields)[1:-1]) for fields in posts]
        total, bad = sum(plan.records), plan.bad_lines
        self._bad = [(2 * n + 1) * total // (2 * bad) for n in range(min(bad, total))]
        self._first = _FIRST_POST + int(plan.seed[:12], 16) * 10

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """The lines from ``start`` up to ``stop``, counted over the whole snapshot."""
        ordinal = line = 0
        for row, records, errors in zip(self._plan.inputs, self._plan.records, self._plan.errors, strict=True):
            shown = errors if self._plan.error_lines else 0
            if line < stop and start < line + records + shown:
                first, last = max(start - line, 0), min(stop - line, records + shown)
                yield from self._records(row, first, min(last, records), ordinal)
                yield from [self._error(row)] * (last - max(first, records))
            ordinal += records
            line += records + shown

    def _records(self, row: str, first: int, last: int, ordinal: int) -> Iterator[Piece]:
        if first >= last:
            return
        section = _Section(row, self._bodies, collected=self._collected, discovery=self._plan.discovery)
        low, high = bisect_left(self._bad, ordinal + first), bisect_left(self._bad, ordinal + last)
        for nth, place in enumerate(self._bad[low:high], low):
            yield from self._good(section, first, place - ordinal, ordinal)
            yield _fixed(BAD_LINES[nth % len(BAD_LINES)])
            first = place - ordinal + 1
        yield from self._good(section, first, last, ordinal)

    def _good(self, section: _Section, first: int, last: int, ordinal: int) -> Iterator[Piece]:
        while first < last:
            lines = min(_BLOCK_LINES - first % _BLOCK_LINES, last - first)
            number = self._first + ordinal + first
            yield Piece(section.template(first, lines), range(number, number + lines))
            first += lines

    def _error(self, row: str) -> Piece:
        text, code = self._plan.error
        shown = {"timestamp": self._collected, "input": json.loads(row), "error": text, "error_code": code}
        return _fixed(_dump(shown) + b"\n")


@lru_cache(maxsize=32)
def posts(plan: Plan) -> Posts:
    """The lines of a plan; the last few are kept, for calls about one snapshot come together."""
    return Posts(plan)
