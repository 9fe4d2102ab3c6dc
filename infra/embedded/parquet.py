"""Parquet files of the warehouse: rows written in bounded memory, counts kept in the footer.

Import this module inside functions only: pyarrow takes long to load.
"""

import io
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infra.embedded.ndjson import Damaged, Lines
from infra.embedded.rows import RECORD, Columns, Rows
from schemas.load_source import LoadSource, WarehouseRejected

Contents = Mapping[str, tuple[int, int]]
"""What a file holds: key → attempt and rows."""

_ROW_GROUP = 8 << 20  # bytes of JSON
_BATCH = 1 << 20  # bytes of JSON
COUNTS = b"headrace.contents"


def contents(path: Path) -> Contents:
    """What ``RowWriter.close`` noted in a finished file."""
    noted = pq.read_metadata(path).metadata or {}
    return {key: (attempt, rows) for key, (attempt, rows) in json.loads(noted[COUNTS]).items()}


def writer(sink: pa.NativeFile, schema: pa.Schema) -> pq.ParquetWriter:
    """What writes a file of the warehouse."""
    shared = [name for name in schema.names if name != RECORD]
    # Statistics and a dictionary of whole records would only repeat them.
    return pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        use_dictionary=shared,  # type: ignore[arg-type]  # the stub knows no lists
        write_statistics=shared,
    )


class _Sink(io.RawIOBase):
    """A file that keeps what is written to it in a list, also once it is closed."""

    def __init__(self, blocks: list[bytes]) -> None:
        self._blocks = blocks

    def writable(self) -> bool:
        return True

    def write(self, block: Any, /) -> int:
        self._blocks.append(bytes(block))
        return len(block)


def file(path: Path) -> pa.NativeFile:
    """A new file for ``RowWriter``."""
    return pa.OSFile(str(path), "w")


def into(blocks: list[bytes]) -> pa.NativeFile:
    """A file for ``RowWriter`` whose bytes are appended to a list, for somebody to take them from there."""
    return pa.PythonFile(_Sink(blocks), mode="w")


class RowWriter:
    """Writes the lines of sources as rows, one source after the other. Every method blocks.

    See ``Rows`` for what a row is. Every method may raise ``OSError``; bad data raises ``WarehouseRejected``.
    """

    def __init__(self, sink: pa.NativeFile, columns: Columns, judges: Mapping[str, Callable[[bytes], Any]]) -> None:
        self._rows = Rows(columns, judges)
        self._sink = sink
        self._file = writer(sink, self._rows.schema)
        self.contents: dict[str, tuple[int, int]] = {}  # attempt and rows so far, by key
        self._batches: list[pa.RecordBatch] = []
        self._size = 0

    def begin(self, source: LoadSource) -> None:
        """The lines that follow are this source's."""
        if source.key in self.contents:
            raise WarehouseRejected(f"{source.key} appears twice in one load.")
        self._source, self._lines, self._line_no = source, Lines(), 0
        self.contents[source.key] = (source.attempt, 0)
        self._waiting: list[tuple[int, bytes]] = []
        self._waiting_size = 0

    def feed(self, block: bytes) -> None:
        """Take a block of the source's gzip NDJSON."""
        self._take(self._lines.feed(block))

    def end(self) -> None:
        """The source is complete."""
        self._take(self._lines.end())
        self._batch()

    def close(self) -> None:
        """Finish the file; it holds its contents in its footer."""
        self._flush()
        self._file.add_key_value_metadata({COUNTS.decode(): json.dumps(self.contents)})
        self._file.close()
        self._sink.close()

    def abandon(self) -> None:
        """Let go of the file without finishing it; fine after ``close``."""
        self._file.is_open = False  # or it would finish itself, on a disk that may be full
        self._sink.close()

    def _take(self, lines: Iterator[list[bytes]]) -> None:
        try:
            for some in lines:
                for line in some:
                    self._line_no += 1
                    if line:
                        self._waiting.append((self._line_no, line))
                        self._waiting_size += len(line)
                if self._waiting_size >= _BATCH:
                    self._batch()
        except Damaged as error:
            raise self._rejected(error) from error

    def _batch(self) -> None:
        if not self._waiting:
            return
        try:
            self._batches.append(self._rows.batch(self._source, self._waiting))
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise self._rejected(error) from error
        attempt, rows = self.contents[self._source.key]
        self.contents[self._source.key] = (attempt, rows + len(self._waiting))
        self._size += self._waiting_size
        self._waiting, self._waiting_size = [], 0
        if self._size >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if self._batches:
            table = pa.Table.from_batches(self._batches)
            self._file.write_table(table, row_group_size=table.num_rows)
        self._batches, self._size = [], 0

    def _rejected(self, error: Exception) -> WarehouseRejected:
        return WarehouseRejected(
            f"Object {self._source.object_name} of {self._source.key}, line {self._line_no}: {error}"
        )
