"""Rows get their types once, and leave as they came."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from services.intake.store import settled, staging

ROWS = 400_000


Take = Callable[..., Any]


@pytest.fixture
def take(tmp_path: Path) -> Iterator[Take]:
    """Takes a text in, and returns the database that has it."""
    with ExitStack() as opened:

        def taken(text: str, columns: int, *, memory_bytes: int = 100 << 20) -> Any:
            (tmp_path / "rows.csv").write_text(text)
            database = opened.enter_context(closing(staging.connect(tmp_path, memory_bytes=memory_bytes)))
            staging.from_csv(database, tmp_path / "rows.csv", columns=columns, delimiter=",", header=False, skip=0)
            return database

        yield taken


@pytest.mark.parametrize("name", ["v0", "settled", 'say "hi"', "it's", "a := b", "{}", "naïve; --"])
def test_a_column_keeps_its_name_whatever_it_is(name: str, take: Take, tmp_path: Path) -> None:
    database = take("1,x\n", 2)
    settled.settle(database, ["integer", "string"])
    columns = {name: "integer", "other": "string"}

    settled.write(database, columns, tmp_path / "rows.parquet")

    assert json.loads(b"".join(settled.lines(database, columns))) == {name: 1, "other": "x"}
    assert pq.read_table(tmp_path / "rows.parquet").to_pylist() == [{name: 1, "other": "x"}]
    assert [one["name"] for one in settled.profile(database, columns, rows=1)] == [name, "other"]


def test_moments_are_told_as_they_were_written_and_kept_as_moments(take: Take, tmp_path: Path) -> None:
    database = take("2024-01-01 10:00+01:00\n2024-01-01\n", 1)
    settled.settle(database, ["timestamp"])
    columns = {"at": "timestamp"}

    settled.write(database, columns, tmp_path / "rows.parquet")

    assert b"".join(settled.lines(database, columns)) == b'{"at":"2024-01-01T10:00+01:00"}\n{"at":"2024-01-01"}\n'
    moments = pq.read_table(tmp_path / "rows.parquet")["at"].to_pylist()
    assert [moment.isoformat() for moment in moments if moment is not None] == [
        "2024-01-01T09:00:00+00:00",
        "2024-01-01T00:00:00+00:00",
    ]


@pytest.mark.parametrize(("memory_bytes", "spills"), [(40 << 20, True), (400 << 20, False)])
def test_rows_that_do_not_fit_into_memory_are_spilled_and_stay_in_order(
    memory_bytes: int,
    spills: bool,  # noqa: FBT001  # pytest passes it by name
    take: Take,
    tmp_path: Path,
) -> None:
    text = "".join(f"{n},some longer text that is no other row's {n}\n" for n in range(ROWS))
    database = take(text, 2, memory_bytes=memory_bytes)
    settled.settle(database, ["integer", "string"])

    told = b"".join(settled.lines(database, {"n": "integer", "s": "string"})).splitlines()

    assert any(tmp_path.glob("spilled/*")) == spills
    assert [line.partition(b",")[0] for line in told] == [b'{"n":%d' % n for n in range(ROWS)]
