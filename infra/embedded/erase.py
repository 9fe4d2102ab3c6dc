"""Rows that go for good: files that hold some of them are written anew without them and take the old ones' places.

Import this module inside functions only: pyarrow takes long to load.
"""

import contextlib
import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infra.embedded.draft import Draft
from infra.embedded.parquet import COUNTS, contents, writer


def erase(root: Path, table: str, column: str, values: Sequence[str]) -> int:
    """Remove all rows with one of these values in a column, visible or not; returns how many. Raises ``OSError``.

    Blocks. Who reads a file meanwhile goes on reading the old one.
    """
    folder = root / table
    if not folder.is_dir():
        return 0
    with _alone(folder):
        return sum(_without(root, path, column, values) for path in sorted(folder.glob("*.parquet")))


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # of two who write the same file anew, one would bring back what the other took out
    fd = os.open(folder / "erasing.lock", os.O_CREAT | os.O_RDWR, 0o666)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _without(root: Path, path: Path, column: str, values: Sequence[str]) -> int:
    known, wanted = contents(path), pa.array(values, pa.string())
    with pq.ParquetFile(path) as old:
        key = old.schema_arrow.names[0]
        gone = _gone(old, key, column, wanted)
        if not gone:
            return 0
        draft = Draft(root)
        try:
            draft.open()
            with pa.OSFile(str(draft.path), "w") as sink, writer(sink, old.schema_arrow) as new:
                for number in range(old.num_row_groups):
                    group = old.read_row_group(number)
                    kept = group.filter(pc.invert(pc.is_in(group[column], wanted)))
                    if kept.num_rows:
                        new.write_table(kept, row_group_size=kept.num_rows)
                left = {one: (attempt, rows - gone[one]) for one, (attempt, rows) in known.items()}
                new.add_key_value_metadata({COUNTS.decode(): json.dumps(left)})
            draft.replace(path)
        finally:
            draft.discard()
    return sum(gone.values())


def _gone(old: pq.ParquetFile, key: str, column: str, wanted: "pa.Array[Any]") -> Counter[str]:
    """How many rows go, by their keys."""
    counted: Counter[str] = Counter()
    for number in range(old.num_row_groups):
        group = old.read_row_group(number, columns=list({key, column}))
        counted.update(map(str, group.filter(pc.is_in(group[column], wanted))[key].to_pylist()))
    return counted
