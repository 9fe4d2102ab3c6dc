"""How a CSV file is written: its delimiter, and whether its first row names the columns."""

import csv
import re
from collections import Counter
from dataclasses import dataclass

DELIMITERS = ",;\t|:"
_ROWS = 1_000
_STEADY = 0.6  # share of rows that have as many fields as most have
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*%?")
_LONGEST = 200  # characters of a column's name
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202f\u2066-\u2069\ufeff]+")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written. ``skip``: lines before its first row."""

    delimiter: str
    names: list[str]
    header: bool
    skip: int


def columns_in(sample: str) -> int:
    """How many columns the text has as CSV; 1 where its lines have no steady number of fields."""
    best = _best(_whole_lines(sample))
    return best[1] if best is not None else 1


def dialect_of(sample: str) -> Dialect:
    """The dialect of the text that a file begins with."""
    lines, told = _whole_lines(sample), None
    if (stated := re.match(r"sep=(.)\n", lines)) is not None:
        told, lines = stated[1], lines[stated.end() :]
    blank = len(lines) - len(lines.lstrip("\n"))
    lines = lines[blank:]
    delimiter, width = (told, _width(lines, told)[1]) if told else _best(lines) or _of_first_row(lines)
    first = next(csv.reader(lines.splitlines(keepends=True), delimiter=delimiter), [])
    header = _is_header(first)
    given = first if header else []
    names = unique([*given, *[""] * (width - len(given))][:width])
    return Dialect(delimiter=delimiter, names=names, header=header, skip=blank + (stated is not None))


def unique(names: list[str]) -> list[str]:
    """Names that can be told apart whatever their case; those without one are called by their place."""
    taken: set[str] = set()
    made = []
    for place, name in enumerate(names, 1):
        plain = _UNSEEN.sub(" ", name).strip()[:_LONGEST] or f"column_{place}"
        free, number = plain, 1
        while free.lower() in taken:
            number += 1
            free = f"{plain}_{number}"
        taken.add(free.lower())
        made.append(free)
    return made


def _best(lines: str) -> tuple[str, int] | None:
    scores = {delimiter: _width(lines, delimiter) for delimiter in DELIMITERS}
    steady = {one: score for one, score in scores.items() if score[1] > 1 and score[0] >= _STEADY}
    if not steady:
        return None
    best = max(steady, key=lambda one: (*steady[one], -DELIMITERS.index(one)))
    return best, steady[best][1]


def _of_first_row(lines: str) -> tuple[str, int]:
    """Where the rows agree on nothing, the first one decides."""
    first = lines.partition("\n")[0]
    return max(((one, _width(first, one)[1]) for one in DELIMITERS), key=lambda found: found[1])


def _width(lines: str, delimiter: str) -> tuple[float, int]:
    """The share of rows with the usual number of fields, and that number."""
    counts: Counter[int] = Counter()
    try:
        for number, row in enumerate(csv.reader(lines.splitlines(keepends=True), delimiter=delimiter)):
            if row:
                counts[len(row)] += 1
            if number > _ROWS:
                break
    except csv.Error:
        return 0.0, 1
    if not counts:
        return 0.0, 1
    width, often = max(counts.items(), key=lambda one: (one[1], one[0]))
    return often / counts.total(), width


def _is_header(first: list[str]) -> bool:
    said = [cell.strip() for cell in first if cell.strip()]
    return bool(said) and not any(_NUMBER.fullmatch(cell) for cell in said)


def _whole_lines(sample: str) -> str:
    lines, end, rest = sample.rpartition("\n")
    return lines + end if lines else rest
