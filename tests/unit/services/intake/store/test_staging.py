"""Types are what all values of a column have, and nothing less."""

from pathlib import Path
from typing import Any

import pytest

from services.intake.store import staging

ROWS = 1_200  # more than the first look takes


def inferred(values: list[str], folder: Path) -> str:
    """The type of a column with these values."""
    database: Any = staging.connect(folder, memory_bytes=100 << 20)
    try:
        (folder / "rows.csv").write_text("".join(f'{value},"x"\n' for value in values))
        staging.from_csv(database, folder / "rows.csv", columns=2, delimiter=",", header=False, skip=0)
        [found, _] = staging.infer(database, [staging.TYPES] * 2)
    finally:
        database.close()
    return found


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("TRUE", "boolean"),
        ("-7", "integer"),
        (" 7 ", "integer"),
        ("\u00a07", "integer"),
        ("9223372036854775807", "integer"),
        ("9223372036854775808", "string"),
        ("+7", "number"),
        (" 1.50", "number"),
        (".5", "number"),
        ("1e-3", "number"),
        ("0.0000000000000012", "number"),
        ("0.30000000000000004", "number"),
        ("-0.00012345678901234567", "number"),
        ("0.300000000000000041", "string"),
        ("12345678901234.567", "number"),
        ("123456789012345.678", "string"),
        ("1.", "string"),
        ("1_000", "string"),
        ("007", "string"),
        ("1e999", "string"),
        ("inf", "string"),
        ("2024-02-29", "date"),
        ("2023-02-29", "string"),
        ("2024-02-29 10:00", "timestamp"),
        ("2024-02-29T10:00:00+01:00", "timestamp"),
    ],
)
def test_a_column_has_the_type_that_its_values_are_written_in(value: str, kind: str, tmp_path: Path) -> None:
    assert inferred([value], tmp_path) == kind


@pytest.mark.parametrize(
    ("usual", "last", "kind"),
    [
        ("1", "2", "integer"),
        ("1", "2.5", "number"),
        ("1", "x", "string"),
        ("2024-01-01", "2024-01-01 10:00", "timestamp"),
        ("true", "1", "string"),
        ("", "7", "integer"),
        ("", "7.5", "number"),
        ("", "", "string"),
    ],
)
def test_the_last_value_counts_as_much_as_the_first(usual: str, last: str, kind: str, tmp_path: Path) -> None:
    assert inferred([usual] * ROWS + [last], tmp_path) == kind
