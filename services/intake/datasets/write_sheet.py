"""Rows as a workbook, in a limited child process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

MOST_ROWS = 1_048_575  # below the header
_LONGEST = 32_767  # characters of a cell


def write_sheet(lines: str, names: Sequence[str], target: str) -> int:
    """Write lines of JSON as the one sheet of a workbook; returns how many. No cell is a formula or a link."""
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415  # only exports need it

    count, settings = 0, {"constant_memory": True, "nan_inf_to_errors": True}
    with xlsxwriter.Workbook(target, settings) as book, Path(lines).open("rb") as rows:
        sheet = book.add_worksheet("rows")
        for place, name in enumerate(names):
            sheet.write_string(0, place, name[:_LONGEST])
        for count, line in enumerate(rows, 1):  # the last one is how many
            _write(sheet, count, msgspec.json.decode(line), names)
    return count


def _write(sheet: Any, number: int, row: dict[str, Any], names: Sequence[str]) -> None:
    for place, name in enumerate(names):
        match row.get(name):
            case None:
                pass
            case bool() as value:
                sheet.write_boolean(number, place, value)
            case float() | int() as value if abs(value) < 1 << 53:
                sheet.write_number(number, place, value)
            case str() as value:
                sheet.write_string(number, place, value[:_LONGEST])
            case value:
                sheet.write_string(number, place, msgspec.json.encode(value).decode()[:_LONGEST])
