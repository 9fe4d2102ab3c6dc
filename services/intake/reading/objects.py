"""JSON files: objects become rows, and what is none becomes a reject."""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from services.intake.file_problems import FileBomb, FileCorrupt
from services.intake.reading import text

MOST_NAMES = 2_000
MOST_REJECTS = 100_000  # kept; all are counted
_RAW = 2_000  # characters of a rejected line that are kept
_INTEGER = re.compile(rb"-?[0-9]+")
_DIGITS = 17  # more than a double keeps
ALLOWED: Mapping[str, tuple[str, ...]] = {
    "boolean": ("boolean",),
    "integer": ("integer", "number"),
    "number": ("number",),
    "string": ("date", "timestamp"),
    "text": (),
    "json": (),
}
"""The types that values of a kind may turn out to have; else they are strings."""

Object = dict[str, msgspec.Raw]
_object = msgspec.json.Decoder(Object)
_array = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass
class Values:
    """Rows as lines of objects with members ``c0``, ``c1``..., and which kinds of values each column has."""

    path: Path
    names: list[str] = field(default_factory=list)
    kinds: list[set[str]] = field(default_factory=list)
    rejects: Path | None = None
    reject_count: int = 0
    encoding: str | None = None
    notes: tuple[str, ...] = ()

    def settled(self) -> list[str]:
        """One kind for each column."""
        return [_settled(kinds) for kinds in self.kinds]

    def place(self, name: str) -> int:
        """Which column has this name; a new one if none has. Raises ``FileBomb``."""
        found = self._places.get(name)
        if found is None:
            if len(self.names) >= MOST_NAMES:
                raise FileBomb(f"Its objects have more than {MOST_NAMES} different members")
            found = self._places[name] = len(self.names)
            self.names.append(name)
            self.kinds.append(set())
        return found

    def __post_init__(self) -> None:
        self._places: dict[str, int] = {}


def to_values(path: Path, kind: str, room: Path) -> Values:
    """Write the objects of a JSON or NDJSON file as rows. Raises ``FileCorrupt``, ``FileBomb``."""
    plain, encoding = text.to_utf8(path, room / "plain.json")
    made = Values(room / "values.ndjson", encoding=encoding)
    wrong: list[tuple[int, str, str, str]] = []
    with made.path.open("wb") as written:
        for number, raw in _raws(plain, kind):
            try:
                row = _object.decode(raw)
            except (msgspec.DecodeError, RecursionError) as error:
                made.reject_count += 1
                if len(wrong) < MOST_REJECTS:
                    wrong.append((number, "NOT AN OBJECT", bytes(raw).decode("utf-8", "replace"), str(error)))
                continue
            written.write(_line(made, row))
    made.rejects = keep_rejects(wrong, room, header=False)[0]
    return made


def keep_rejects(found: Iterable[Any], room: Path, *, header: bool) -> tuple[Path | None, int]:
    """Write rejected lines with their reasons, as far as they are kept; returns where, and how many there are.

    The first line is none where it is the header: what is wrong with it is what is wrong with all.
    """
    path, count = room / "rejects.ndjson.gz", 0
    with gzip.open(path, "wb", compresslevel=1) as written:
        for line, reason, raw, message in _rows(found):
            if header and line == 1:
                continue
            count += 1
            if count <= MOST_REJECTS:
                told = {"line": line, "reason": reason, "message": (message or "")[:_RAW], "raw": (raw or "")[:_RAW]}
                written.write(msgspec.json.encode(told) + b"\n")
    return (path if count else None), count


def _rows(found: Any) -> Iterator[Any]:
    if not hasattr(found, "fetchmany"):
        yield from found
        return
    while rows := found.fetchmany(10_000):
        yield from rows


def _raws(plain: Path, kind: str) -> Iterator[tuple[int, bytes]]:
    if kind == "json":
        try:
            yield from enumerate(map(bytes, _array.decode(plain.read_bytes())), 1)
        except (msgspec.DecodeError, RecursionError) as error:
            raise FileCorrupt(f"It is no JSON: {error}") from error
        return
    with plain.open("rb") as opened:
        for number, line in enumerate(opened, 1):
            if line.strip():
                yield number, line


def _line(made: Values, row: Object) -> bytes:
    cells = []
    for name, raw in row.items():
        value = bytes(raw)
        place = made.place(name)
        kind = _kind(value)
        if kind is not None:
            made.kinds[place].add(kind)
            cells.append(b'"c%d":%s' % (place, _on_one_line(value, kind)))
    return b"{" + b",".join(cells) + b"}\n"


def _on_one_line(value: bytes, kind: str) -> bytes:
    if kind == "number" and len(value) > _DIGITS:
        # as a text it comes through as it was written, and is a number again if that loses nothing
        return b'"%s"' % value
    # no string has a line end in it: all of them are between the members
    return value.replace(b"\n", b" ") if kind == "json" else value


def _kind(value: bytes) -> str | None:
    match value[:1]:
        case b'"':
            return "string"
        case b"t" | b"f":
            return "boolean"
        case b"n":
            return None
        case b"{" | b"[":
            return "json"
        case _:
            return "integer" if _INTEGER.fullmatch(value) else "number"


def _settled(kinds: set[str]) -> str:
    if kinds == {"integer", "number"}:
        return "number"
    if "json" in kinds:
        return "json"
    return next(iter(kinds)) if len(kinds) == 1 else "text"
