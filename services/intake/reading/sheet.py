"""XLSX files: the first sheet that has cells becomes rows, of those that are seen before any that is hidden."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import msgspec

from services.intake.file_problems import FileCorrupt, FileEmpty, FileEncrypted
from services.intake.reading import dialect
from services.intake.reading.objects import Values

_ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!")


def to_values(path: Path, room: Path) -> Values:
    """Write the rows of a workbook. Raises ``FileCorrupt``, ``FileEmpty``, ``FileEncrypted``."""
    import python_calamine as calamine  # noqa: PLC0415  # only workbooks need it

    try:
        with calamine.CalamineWorkbook.from_path(str(path)) as book:
            return _first(book, Values(room / "values.ndjson"))
    except calamine.PasswordError as error:
        raise FileEncrypted from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise FileCorrupt(f"The workbook cannot be read: {error}") from error


def _first(book: Any, made: Values) -> Values:
    for place in _seen_first(book):
        rows = _filled(book.get_sheet_by_index(place).iter_rows())
        first = next(rows, None)
        if first is not None:
            _write(made, first, rows)
            if len(book.sheet_names) > 1:
                made.notes = (f"Of {len(book.sheet_names)} sheets only {book.sheet_names[place]!r} was taken.",)
            return made
    raise FileEmpty("None of its sheets has cells")


def _seen_first(book: Any) -> list[int]:
    from python_calamine import SheetVisibleEnum  # noqa: PLC0415  # see above

    shown = [sheet.visible == SheetVisibleEnum.Visible for sheet in book.sheets_metadata]
    return sorted(range(len(shown)), key=lambda place: not shown[place])


def _filled(rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    return (row for row in rows if any(cell != "" for cell in row))


def _write(made: Values, first: list[Any], rows: Iterator[list[Any]]) -> None:
    header = all(isinstance(cell, str) for cell in first)
    for name in dialect.unique([str(cell) if header else "" for cell in first]):
        made.place(name)
    with made.path.open("wb") as written:
        for row in rows if header else _after(first, rows):
            cells = {}
            for place, cell in enumerate(row):
                value, kind = _cell(cell)
                if kind is not None:
                    made.kinds[place].add(kind)
                    cells[f"c{place}"] = value
            written.write(msgspec.json.encode(cells) + b"\n")


def _after(first: list[Any], rows: Iterator[list[Any]]) -> Iterator[list[Any]]:
    yield first
    yield from rows


def _cell(cell: Any) -> tuple[Any, str | None]:
    match cell:
        case "" | None:
            return None, None
        case bool():
            return cell, "boolean"
        case int() | float():
            return _number(cell)
        case str():
            return (None, None) if cell in _ERRORS else (cell, "string")
        case _:
            return _moment(cell), "string"


def _number(cell: float) -> tuple[float, str]:
    whole = float(cell).is_integer() and abs(cell) < 1 << 53
    return (int(cell), "integer") if whole else (cell, "number")


def _moment(cell: Any) -> str:
    """As ISO 8601 has it, a day where it is midnight; durations as hours:minutes:seconds."""
    match cell:
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return _duration(cell)
        case _:
            return str(cell)


def _duration(cell: timedelta) -> str:
    seconds = abs(round(cell.total_seconds()))
    return f"{'-' if cell < timedelta() else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
