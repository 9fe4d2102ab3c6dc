"""The SQL of a table whose types are known: staged rows get them, are described, and leave as Parquet and NDJSON."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from services.intake.store.staging import quoted

_AT_ONCE = 256  # rows that are held as lines
_EXACT = 50_000  # rows up to which different values are counted one by one
_SHOWN = 200  # characters of a least and a greatest text
_TYPED = {
    "boolean": "(lower(@) = 'true')",
    "integer": "coalesce(TRY_CAST(@ AS BIGINT), trim(@)::BIGINT)",
    "number": "coalesce(TRY_CAST(@ AS DOUBLE), trim(@)::DOUBLE)",
    "date": "@::DATE",
    "timestamp": "@::TIMESTAMPTZ",
    "string": "@",
    "json": "@",
}


def settle(database: Any, types: Sequence[str]) -> None:
    """Give the rows their types."""
    values = [f"{_TYPED[kind].replace('@', f'c{n}')} AS v{n}" for n, kind in enumerate(types)]
    written = [f"replace(c{n}, ' ', 'T') AS w{n}" for n, kind in enumerate(types) if kind == "timestamp"]
    database.execute(f"CREATE TABLE settled AS SELECT {', '.join(values + written)} FROM raw")
    database.execute("DROP TABLE raw")


def write(database: Any, columns: Mapping[str, str], path: Path) -> None:
    """Write the settled rows as Parquet."""
    values = ", ".join(f"v{n} AS {quoted(name)}" for n, name in enumerate(columns))
    database.execute(
        f"COPY (SELECT {values} FROM settled) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)"
    )


def lines(database: Any, columns: Mapping[str, str]) -> Iterator[bytes]:
    """The settled rows as NDJSON, with moments as they were written, some whole lines at a time."""
    forms = {"timestamp": "w{}", "json": "v{}::JSON"}
    values = ", ".join(
        f"{quoted(name)} := {forms.get(kind, 'v{}').format(n)}" for n, (name, kind) in enumerate(columns.items())
    )
    cursor = database.execute(f"SELECT to_json(struct_pack({values}))::VARCHAR FROM settled")
    while rows := cursor.fetchmany(_AT_ONCE):
        yield "".join([f"{row}\n" for (row,) in rows]).encode()


def profile(database: Any, columns: Mapping[str, str], *, rows: int) -> list[dict[str, Any]]:
    """Of each settled column how many values are missing, how many differ, the least and the greatest."""
    made = []
    for n, (name, kind) in enumerate(columns.items()):
        count = f"count(DISTINCT v{n})" if rows <= _EXACT else f"approx_count_distinct(v{n})"
        ends = ("NULL", "NULL") if kind == "json" else (f"min(v{n})", f"max(v{n})")
        shown = [f"left(({end})::VARCHAR, {_SHOWN})" if kind not in {"integer", "number"} else end for end in ends]
        missing, distinct, least, most = database.execute(
            f"SELECT count(*) - count(v{n}), {count}, {', '.join(shown)} FROM settled"
        ).fetchone()
        told = {"name": name, "type": kind, "nulls": missing, "distinct": min(distinct, rows - missing)}
        made.append({**told, "distinct_is_estimate": rows > _EXACT, "min": _sound(least), "max": _sound(most)})
    return made


def _sound(end: Any) -> Any:
    # PostgreSQL keeps no text with this character
    return end.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(end, str) else end
