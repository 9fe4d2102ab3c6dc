"""A file's rows, made into one table: typed, counted, described, and written for the lake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.intake.file_problems import FileBomb, FileCorrupt, FileEmpty
from services.intake.reading import dialect, objects, sheet, text
from services.intake.reading.pack import pack
from services.intake.store import settled, staging

MOST_COLUMNS = 2_000
MEMORY_BYTES = 320 << 20  # more than twice as much is taken while it works, and a child has 1 GiB
_SAMPLE = 256 << 10
_SCALARS = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), "integer"),
    **dict.fromkeys(("FLOAT", "DOUBLE", "UBIGINT", "HUGEINT", "UHUGEINT"), "number"),
    **dict.fromkeys(("VARCHAR", "UUID", "BLOB", "TIME", "INTERVAL", "BIT", '"NULL"'), "string"),
    "BOOLEAN": "boolean",
    "DATE": "date",
}


@dataclass
class Taken:
    """What was taken into the staging table, before its types are known.

    ``kinds`` are the types that each column may have.
    """

    names: list[str]
    kinds: Sequence[Sequence[str]]
    fixed: Mapping[int, str]
    rejects: Path | None = None
    reject_count: int = 0
    encoding: str | None = None
    notes: tuple[str, ...] = ()


def read_table(path: str, kind: str, folder: str) -> dict[str, Any]:
    """Read a file of a kind that ``identify`` named, and write ``records.ndjson.gz``, ``records.parquet`` and
    ``rejects.ndjson.gz`` (if there are any) into the folder.

    Returns ``columns, row_count, reject_count, profile, encoding, notes``, and ``blocks`` and ``plain_bytes`` of what
    ``pack`` wrote. Raises ``FileCorrupt``, ``FileEmpty``, ``FileBomb`` and ``MemoryError``.
    """
    import duckdb  # noqa: PLC0415  # heavy

    room = Path(folder)
    database = staging.connect(room, memory_bytes=MEMORY_BYTES)
    try:
        return _described(database, _take(database, Path(path), kind, room), room)
    except (duckdb.OutOfMemoryException, duckdb.FatalException) as error:
        raise MemoryError from error
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]
        if "allocation failed" in said:  # not all of its parts tell that by its class
            raise MemoryError from error
        raise FileCorrupt(f"It cannot be read: {said.replace(f'{room}/', '')[:300]}") from error
    finally:
        database.close()


def _take(database: Any, path: Path, kind: str, room: Path) -> Taken:
    match kind:
        case "csv":
            return _csv(database, path, room)
        case "parquet":
            return _parquet(database, path)
        case "xlsx":
            return _values(database, sheet.to_values(path, room))
        case _:
            return _values(database, objects.to_values(path, kind, room))


def _csv(database: Any, path: Path, room: Path) -> Taken:
    plain, encoding = text.to_utf8(path, room / "plain.csv")
    with plain.open(encoding="utf-8", newline="") as opened:
        found = dialect.dialect_of(opened.read(_SAMPLE))
    _check_width(len(found.names))
    staging.from_csv(
        database, plain, columns=len(found.names), delimiter=found.delimiter, header=found.header, skip=found.skip
    )
    rejects, count = objects.keep_rejects(staging.rejects(database), room, header=found.header)
    kinds = [staging.TYPES] * len(found.names)
    return Taken(found.names, kinds, {}, rejects=rejects, reject_count=count, encoding=encoding)


def _parquet(database: Any, path: Path) -> Taken:
    columns = staging.parquet_columns(database, path)
    _check_width(len(columns))
    kinds = [_scalar(kind) for _, kind in columns]
    staging.from_parquet(database, path, columns, kinds)
    names = dialect.unique([name for name, _ in columns])
    # what is too large for its type among ours stays text
    open_kinds = [(kind,) if kind in staging.TYPES else () for kind in kinds]
    return Taken(names, open_kinds, {n: "json" for n, kind in enumerate(kinds) if kind == "json"})


def _scalar(kind: str) -> str:
    if kind.startswith("DECIMAL"):
        return "number"
    if kind.startswith("TIMESTAMP"):
        return "timestamp"
    return _SCALARS.get(kind, "string" if kind.startswith("ENUM") else "json")


def _values(database: Any, found: objects.Values) -> Taken:
    if found.reject_count and not found.names:
        raise FileCorrupt(f"None of its {found.reject_count} lines is an object")
    _check_width(len(found.names))
    kinds = found.settled()
    staging.from_values(database, found.path, kinds)
    fixed = {n: kind for n, kind in enumerate(kinds) if kind == "json"}
    allowed = [objects.ALLOWED[kind] for kind in kinds]
    return Taken(
        dialect.unique(found.names),
        allowed,
        fixed,
        rejects=found.rejects,
        reject_count=found.reject_count,
        encoding=found.encoding,
        notes=found.notes,
    )


def _described(database: Any, taken: Taken, room: Path) -> dict[str, Any]:
    rows = staging.row_count(database)
    if not rows:
        if taken.reject_count:
            raise FileCorrupt(f"None of its {taken.reject_count} rows fits its columns")
        raise FileEmpty("It has no rows")
    types = staging.infer(database, taken.kinds)
    columns = {name: taken.fixed.get(n, kind) for n, (name, kind) in enumerate(zip(taken.names, types, strict=True))}
    settled.settle(database, list(columns.values()))
    settled.write(database, columns, room / "records.parquet")
    packed = pack(settled.lines(database, columns), room / "records.ndjson.gz")
    return {
        "columns": [{"name": name, "type": kind} for name, kind in columns.items()],
        "row_count": rows,
        "reject_count": taken.reject_count,
        "profile": settled.profile(database, columns, rows=rows),
        "encoding": taken.encoding,
        "notes": list(taken.notes),
        "blocks": packed.blocks,
        "plain_bytes": packed.plain_bytes,
    }


def _check_width(columns: int) -> None:
    if columns > MOST_COLUMNS:
        raise FileBomb(f"It has {columns} columns; {MOST_COLUMNS} may be")
    if not columns:
        raise FileEmpty("It has no columns")
