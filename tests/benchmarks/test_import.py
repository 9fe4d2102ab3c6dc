"""How fast a CSV file is imported, beside polars making the same of it; per CPU second, in interleaved rounds.

Both read the file with its types and write gzip NDJSON, Parquet and what its values are like. pandas is not among the
peers: polars is the faster of the two, and locked already. polars guesses types from the first hundred rows; an import
looks at all of them.
"""

import gzip
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from services.intake.reading.identify import identify
from services.intake.reading.table import read_table

ROUNDS = 3
ROWS = 200_000
LEAST = 0.25  # measured: 0.4; an import also proves the types, keeps rejects and spills what is too large


def _write(path: Path) -> None:
    with path.open("w") as written:
        written.write("id,name,price,day,ok,code,note\n")
        for n in range(ROWS):
            day, ok = f"2024-01-{n % 28 + 1:02d}", "true" if n % 2 else "false"
            written.write(f"{n},name {n % 1000},{n / 7:.2f},{day},{ok},{n % 1000:05d},some text here\n")


def _ours(path: Path, folder: Path) -> None:
    table = read_table(str(path), identify(str(path), path.name), str(folder))
    assert table["row_count"] == ROWS


def _theirs(path: Path, folder: Path) -> None:
    frame = pl.read_csv(path, try_parse_dates=True)
    frame.write_parquet(folder / "records.parquet", compression="zstd")
    with gzip.open(folder / "records.ndjson.gz", "wb", compresslevel=6) as packed:
        packed.write(frame.write_ndjson().encode())
    frame.select(pl.all().n_unique().name.suffix("_unique"))
    frame.describe()
    assert frame.height == ROWS


def _only_read(path: Path, folder: Path) -> None:
    pl.read_csv(path, try_parse_dates=True)
    assert folder.exists()


def _megabytes_a_cpu_second(work: Callable[[Path, Path], None], path: Path, folder: Path) -> float:
    folder.mkdir()
    began = time.process_time()
    work(path, folder)
    return path.stat().st_size / 1e6 / (time.process_time() - began)


def test_importing_keeps_up_with_polars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.csv"
    _write(path)
    programs = {"headrace": _ours, "polars": _theirs, "polars, reading only": _only_read}
    for name, work in programs.items():
        _megabytes_a_cpu_second(work, path, tmp_path / f"warm {name}")  # imports are no work

    rounds = [
        {name: _megabytes_a_cpu_second(work, path, tmp_path / f"{name} {n}") for name, work in programs.items()}
        for n in range(ROUNDS)
    ]

    ratio = median(one["headrace"] / one["polars"] for one in rounds)
    with capsys.disabled():
        told = ", ".join(f"{name} {median(one[name] for one in rounds):.1f} MB/s" for name in programs)
        print(f"\nimport of CSV per CPU second: {told}, ratio {ratio:.2f}")  # noqa: T201  # the figure is the point
    assert ratio > LEAST
