"""The SQL of a table in the making: rows come in as text, whose types are found. DuckDB works it, in a child."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TYPES = ("boolean", "integer", "number", "date", "timestamp")
_NUMBER = r"[+-]?(0|[1-9][0-9]*)?(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?"
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
_DIGITS = 17  # more than a double keeps; zeros before them are none
# what is short is not looked at more closely: most is
_FEW_DIGITS = (
    f"CASE WHEN strlen(@) <= {_DIGITS} THEN true"
    f" ELSE length(regexp_replace(@, '^[^1-9]+|[eE].*|[^0-9]', '', 'g')) <= {_DIGITS} END"
)
_FIRST = 1_000  # rows that rule out most types
_AT_ONCE = 64  # columns of one question: the checks of many take more memory than their values


def _trimmed(check: str) -> str:
    # spaces of every kind may stand around a number, and are looked for only where it is none with them
    return f"CASE WHEN {check} THEN true ELSE {check.replace('@', 'trim(@)')} END"


_FITS = {
    "boolean": "lower(@) IN ('true', 'false')",
    # as it would be written again: what has leading zeros or is too long is no number to calculate with
    "integer": _trimmed("TRY_CAST(@ AS BIGINT)::VARCHAR = @"),
    "number": _trimmed(f"isfinite(TRY_CAST(@ AS DOUBLE)) AND regexp_full_match(@, '{_NUMBER}') AND {_FEW_DIGITS}"),
    "date": "(length(@) = 10 AND TRY_CAST(@ AS DATE)::VARCHAR = @)",
    "timestamp": f"(regexp_full_match(@, '{_MOMENT}') AND TRY_CAST(@ AS TIMESTAMPTZ) IS NOT NULL)",
}


def connect(folder: Path, *, memory_bytes: int) -> Any:
    """A database of its own, that keeps what does not fit into memory in the folder and fetches nothing."""
    import duckdb  # noqa: PLC0415  # heavy

    limits: dict[str, Any] = {
        "memory_limit": f"{memory_bytes >> 20}MB",
        "threads": 1,
        "temp_directory": str(folder / "spilled"),
    }
    alone = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    made = duckdb.connect(config={**limits, **alone, "allow_community_extensions": False})
    made.execute("SET TimeZone = 'UTC'")
    return made


def from_csv(database: Any, path: Path, *, columns: int, delimiter: str, header: bool, skip: int) -> None:
    """Take in a CSV file in UTF-8; rows that do not fit become rejects."""
    types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    database.execute(
        f"CREATE TABLE raw AS SELECT * FROM read_csv(?, auto_detect = false, header = {header}, skip = {skip},"
        f" delim = ?, quote = '\"', escape = '\"', columns = {{{types}}}, store_rejects = true, strict_mode = true,"
        " compression = 'none', max_line_size = 4194304, buffer_size = 16777216)",
        [str(path), delimiter],
    )


def from_values(database: Any, path: Path, kinds: Sequence[str]) -> None:
    """Take in lines of JSON objects whose members are called ``c0``, ``c1`` and so on."""
    types = ", ".join(f"'c{number}': 'JSON'" for number in range(len(kinds)))
    # a text that is JSON already stays so; all others lose their quotes
    values = ", ".join(
        f"c{n}::VARCHAR AS c{n}" if kind == "json" else f"c{n} ->> '$' AS c{n}" for n, kind in enumerate(kinds)
    )
    database.execute(
        f"CREATE TABLE raw AS SELECT {values} FROM read_json(?, format = 'newline_delimited', columns = {{{types}}},"
        " maximum_object_size = 16777216)",
        [str(path)],
    )


def parquet_columns(database: Any, path: Path) -> list[tuple[str, str]]:
    """Names and DuckDB's types of a Parquet file's columns."""
    found = database.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    return [(name, kind) for name, kind, *_ in found]


def from_parquet(database: Any, path: Path, columns: Sequence[tuple[str, str]], kinds: Sequence[str]) -> None:
    """Take in a Parquet file."""
    values = ", ".join(
        f"{_as_text(quoted(name), kind)} AS c{number}"
        for number, ((name, _), kind) in enumerate(zip(columns, kinds, strict=True))
    )
    database.execute(f"CREATE TABLE raw AS SELECT {values} FROM read_parquet(?)", [str(path)])


def row_count(database: Any) -> int:
    """Rows taken in."""
    return int(database.execute("SELECT count(*) FROM raw").fetchone()[0])


def rejects(database: Any) -> Any:
    """A cursor over the lines that were not taken in, with the first thing that is wrong with each."""
    return database.execute(
        "SELECT line, any_value(error_type::VARCHAR), any_value(csv_line), any_value(error_message)"
        " FROM reject_errors GROUP BY line ORDER BY line"
    )


def infer(database: Any, kinds: Sequence[Sequence[str]]) -> list[str]:
    """The type of each column: the first of its ``kinds`` that all its values have, else ``string``."""
    left = _likely(database, kinds)
    found = ["string"] * len(kinds)
    # the likeliest of each is asked of all rows first: most columns need no other answer
    while any(left):
        for n in _fitting(database, {n: few[0] for n, few in enumerate(left) if few}):
            found[n], left[n] = left[n][0], []
        left = [candidates[1:] for candidates in left]
    return found


def _likely(database: Any, kinds: Sequence[Sequence[str]]) -> list[list[str]]:
    """The kinds that the first values of each column have; all where these are missing."""
    # one below the other: a thousand columns need no more expressions than one
    values = ", ".join(f"c{n}" for n in range(len(kinds)))
    checks = ", ".join(f"bool_and({fits.replace('@', 'v')} IS TRUE)" for fits in _FITS.values())
    answers = database.execute(
        f"SELECT n, {checks} FROM (SELECT unnest([{values}]) AS v, unnest(range({len(kinds)})) AS n"
        f" FROM (SELECT * FROM raw LIMIT {_FIRST})) WHERE v IS NOT NULL GROUP BY n"
    ).fetchall()
    had = {n: {kind for kind, fits in zip(_FITS, found, strict=True) if fits} for n, *found in answers}
    return [[kind for kind in candidates if kind in had.get(n, _FITS)] for n, candidates in enumerate(kinds)]


def _fitting(database: Any, asked: Mapping[int, str]) -> list[int]:
    """The columns of which all values have the kind that is asked."""
    left, found = list(asked.items()), []
    while left:
        some, left = left[:_AT_ONCE], left[_AT_ONCE:]
        checks = [
            f"coalesce(bool_and({_FITS[kind].replace('@', f'c{n}')} IS TRUE) FILTER (c{n} IS NOT NULL), false)"
            for n, kind in some
        ]
        answers = database.execute(f"SELECT {', '.join(checks)} FROM raw").fetchone()
        found += [n for (n, _), fits in zip(some, answers, strict=True) if fits]
    return found


def _as_text(value: str, kind: str) -> str:
    if kind == "json":
        return f"to_json({value})::VARCHAR"
    if kind == "number":
        return f"CASE WHEN isfinite({value}::DOUBLE) THEN {value}::VARCHAR END"
    return f"{value}::VARCHAR"


def quoted(name: str) -> str:
    """A name as SQL has it, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'
