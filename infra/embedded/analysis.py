"""Read-only SQL over the visible rows, in a DuckDB that lives for one question.

Import this module inside functions only: DuckDB takes long to load.
"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from infra.embedded.publications import Visible
from infra.embedded.rows import Columns, arrow_schema
from schemas.load_source import WarehouseRejected, WarehouseUnavailable

# No temporary folder: what does not fit into the memory limit is refused, not spilled to disk.
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "256MB",
    "threads": 1,
    "temp_directory": "",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "python_enable_replacements": "false",
}

_FUNCTIONS = {"unnest", "range", "generate_series", "json_each", "json_tree"}  # tables made of values, not of files
_FILE = "headrace_file"  # the file a row lies in; a table may have a column "filename" of its own


class Table(NamedTuple):
    """A table to ask, with the rows that may be seen."""

    columns: Columns
    visible: Sequence[Visible]


class Analysis:
    """Every table is a view. SQL reaches them only through it, no other file, and changes nothing.

    Raises ``WarehouseRejected`` for SQL that is wrong, not a query, or needs more than 256 MB;
    ``WarehouseUnavailable`` when a file cannot be read.
    """

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._database = duckdb.connect(":memory:", config=_SETTINGS)
        for name, table in tables.items():
            self._show(name, table)
        self._lock([row.path for table in tables.values() for row in table.visible])

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The answer, one mapping a row; moments are in UTC."""
        with _as_problems():
            self._check(sql)
            return self._answer(sql, {})

    def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The rows of a table whose columns have these values."""
        named = dict(enumerate(equal))
        same = " AND ".join(f"{_quoted(column)} = $v{number}" for number, column in named.items())
        sql = f"SELECT * FROM {_quoted(table)} WHERE {same}"  # noqa: S608  # values are parameters
        with _as_problems():
            return self._answer(sql, {f"v{number}": equal[column] for number, column in named.items()})

    def interrupt(self) -> None:
        """Make ``rows`` end soon, from another thread."""
        self._database.interrupt()

    def close(self) -> None:
        """Free the memory."""
        self._database.close()

    def _answer(self, sql: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        found = self._database.sql(sql, params=dict(values))
        wide = [name for name, kind in zip(found.columns, found.types, strict=True) if str(kind) == "HUGEINT"]
        return [_whole(row, wide) for row in found.to_arrow_table().to_pylist()]

    def _show(self, name: str, table: Table) -> None:
        schema = arrow_schema(table.columns)
        if not table.visible:
            self._database.from_arrow(schema.empty_table()).create(name)
            return
        chosen = pa.Table.from_pylist([{"key": row.key, _FILE: row.path} for row in table.visible])
        self._database.from_arrow(chosen).create(f"{name}_visible")
        files = ", ".join(_text(path) for path in sorted({row.path for row in table.visible}))
        stored = self._database.sql(
            f"SELECT * FROM read_parquet([{files}], filename = '{_FILE}', union_by_name = true)"  # noqa: S608  # as texts
        )
        # A file older than a column of the table lacks that column.
        columns = [_quoted(c) if c in stored.columns else f"NULL AS {_quoted(c)}" for c in schema.names]
        visible = self._database.table(f"{name}_visible")
        # A file holds one attempt of a key, so the two say which rows are meant.
        shown = f"stored.{_quoted(schema.names[0])} = visible.key AND stored.{_FILE} = visible.{_FILE}"
        joined = stored.set_alias("stored").join(visible.set_alias("visible"), shown, how="semi")
        joined.project(", ".join(columns)).create_view(name)

    def _lock(self, files: Sequence[str]) -> None:
        self._database.execute("SET TimeZone = 'UTC'")
        self._database.execute("SET allowed_paths = $files", {"files": sorted(set(files))})
        self._database.execute("SET enable_external_access = false")
        self._database.execute("SET lock_configuration = true")

    def _check(self, sql: str) -> None:
        statements = self._database.extract_statements(sql)
        if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
            raise WarehouseRejected("Only one query at a time is answered, and nothing that changes data or settings.")
        # A file of the warehouse also holds rows that may not be seen; the settings can only forbid whole files.
        (tree,) = self._database.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchall()[0]
        *nodes, whole = _nodes(tree)
        if whole["error"] or any(_reads_files(node) for node in nodes):
            raise WarehouseRejected("Only the warehouse's own tables can be asked, by plain names.")


@contextlib.contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as error:
        raise WarehouseUnavailable("A file of the warehouse could not be read.") from error
    except (duckdb.Error, RecursionError) as error:
        raise WarehouseRejected(str(error)) from error


def _nodes(tree: str) -> list[dict[str, Any]]:
    """Every object of a JSON text, the outermost last."""
    nodes: list[dict[str, Any]] = []

    def keep(node: dict[str, Any]) -> dict[str, Any]:
        nodes.append(node)
        return node

    json.loads(tree, object_hook=keep)
    return nodes


def _reads_files(node: Mapping[str, Any]) -> bool:
    if node.get("type") == "BASE_TABLE":
        return not re.fullmatch(r"\w+", node["table_name"])
    return node.get("type") == "TABLE_FUNCTION" and node["function"]["function_name"] not in _FUNCTIONS


def _whole(row: dict[str, Any], wide: Sequence[str]) -> dict[str, Any]:
    # Sums of integers come as 128 bits, for which Arrow has only decimals.
    return row | {name: int(row[name]) for name in wide if row[name] is not None}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
