"""What goes wrong while a table is read is told as what it is."""

from pathlib import Path

import duckdb
import pytest

from services.intake.file_problems import FileCorrupt
from services.intake.reading.table import read_table
from services.intake.store import staging


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Rows are taken in no more."""

    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(staging, "from_csv", fails)


def read(folder: Path) -> None:
    (folder / "file").write_text("a,b\n1,2\n")
    read_table(str(folder / "file"), "csv", str(folder))


@pytest.mark.parametrize(
    "error",
    [
        duckdb.OutOfMemoryException("failed to allocate data"),
        duckdb.SerializationException("Failed to write JSON string: memory allocation failed"),
    ],
    ids=["by its class", "by its words"],
)
def test_missing_memory_is_no_damage_of_the_file(
    monkeypatch: pytest.MonkeyPatch, error: Exception, tmp_path: Path
) -> None:
    failing(monkeypatch, error)

    with pytest.raises(MemoryError):
        read(tmp_path)


def test_a_damage_is_told_without_our_places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failing(monkeypatch, duckdb.InvalidInputException(f'Malformed JSON in file "{tmp_path}/values.ndjson"\nand more'))

    with pytest.raises(FileCorrupt) as told:
        read(tmp_path)

    assert told.value.detail == 'It cannot be read: Malformed JSON in file "values.ndjson"'
