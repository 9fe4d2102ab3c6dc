"""Lines of a stored object as columns of a table.

Import this module inside functions only: pyarrow takes long to load.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from schemas.load_source import LoadSource

Columns = Sequence[Mapping[str, str]]

RECORD = "record"
_TYPES: dict[str, Any] = {
    "STRING": pa.string(),
    "INTEGER": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "FLOAT": pa.float64(),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}


def arrow_schema(columns: Columns) -> pa.Schema:
    """A table's columns in Arrow's types."""
    return pa.schema(
        [pa.field(column["name"], _TYPES[column["type"]], nullable=column["mode"] == "NULLABLE") for column in columns]
    )


class Rows:
    """A table as ``LoadSource`` describes it: whole records with constants beside them, or lines that hold its fields.

    ``judges`` compute a column from a record.
    """

    def __init__(self, columns: Columns, judges: Mapping[str, Callable[[bytes], Any]]) -> None:
        self.schema = arrow_schema(columns)
        self._optional = {column["name"] for column in columns if column["mode"] == "NULLABLE"}
        self._judges = {name: judge for name, judge in judges.items() if name in self.schema.names}

    def batch(self, source: LoadSource, lines: Sequence[tuple[int, bytes]]) -> pa.RecordBatch:
        """Numbered lines of a source. Raises ``ValueError``, ``TypeError`` and Arrow's errors for bad data."""
        column = self._of_records if RECORD in self.schema.names else self._of_fields
        return pa.RecordBatch.from_arrays(column(source, lines), schema=self.schema)

    def _of_records(self, source: LoadSource, lines: Sequence[tuple[int, bytes]]) -> list[Any]:
        return [self._of_record(field, source, lines) for field in self.schema]

    def _of_record(self, field: "pa.Field[Any]", source: LoadSource, lines: Sequence[tuple[int, bytes]]) -> Any:
        if field.name == "row_no":
            return pa.array([number for number, _ in lines], field.type)
        if field.name == RECORD:
            return pa.array([line for _, line in lines], field.type)
        if judge := self._judges.get(field.name):
            return pa.array([judge(line) for _, line in lines], field.type)
        constants = {**source.columns, self.schema.names[0]: source.key, "attempt": source.attempt}
        return pa.repeat(pa.scalar(self._value(field, constants), field.type), len(lines))

    def _of_fields(self, source: LoadSource, lines: Sequence[tuple[int, bytes]]) -> list[Any]:
        rows = [{**json.loads(line), **source.columns, self.schema.names[0]: source.key} for _, line in lines]
        return [pa.array([self._value(field, row) for row in rows], field.type) for field in self.schema]

    def _value(self, field: "pa.Field[Any]", row: Mapping[str, Any]) -> Any:
        value = row.get(field.name)
        if value is None and field.name not in self._optional:
            raise ValueError(f"column {field.name} has no value")
        if value is not None and pa.types.is_timestamp(field.type):
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return value
