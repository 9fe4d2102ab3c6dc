"""A dataset as a file: streamed as NDJSON, CSV or Parquet, or written as XLSX."""

import asyncio
import csv
import io
import unicodedata
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from infra.runtime.children import in_child
from infra.runtime.lake import Lake
from infra.runtime.rooms import room
from infra.runtime.stored_lines import stored_lines
from schemas.problem import Problem
from services.intake.datasets.find_datasets import find_dataset
from services.intake.datasets.write_sheet import MOST_ROWS, write_sheet

Format = Literal["csv", "ndjson", "parquet", "xlsx"]
MEDIA_TYPES: Mapping[Format, str] = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_BLOCK = 1 << 20
_XLSX_SECONDS = 300


class ExportTooLarge(Problem):
    """A sheet has no room for the rows."""

    code: ClassVar[str] = "EXPORT_TOO_LARGE"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The dataset is too large for a sheet"
    recovery: ClassVar[str] = "Export it as csv, ndjson or parquet."


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file on its way out."""

    filename: str
    media_type: str
    blocks: AsyncGenerator[bytes, None]


async def export_dataset(dataset_id: UUID, form: Format, *, tenant: str, lake: Lake, database: Database) -> Export:
    """The rows in a form. Raises ``DatasetNotFound``, ``ExportTooLarge``, ``ObjectMissing``, ``StoreUnavailable``."""
    row = await find_dataset(dataset_id, tenant=tenant, database=database)
    if form == "xlsx" and row["row_count"] > MOST_ROWS:
        raise ExportTooLarge(f"It has {row['row_count']} rows; a sheet has room for {MOST_ROWS}")
    stem = row["filename"].rpartition(".")[0] or row["filename"]
    made = _blocks(row, form, lake)
    # the first block is read here: once an answer has begun, it cannot say any more that there is nothing
    first = await anext(made, b"")
    return Export(filename=f"{stem}.{form}", media_type=MEDIA_TYPES[form], blocks=_joined(first, made))


async def _joined(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for block in rest:
            yield block


def _blocks(row: Mapping[str, Any], form: Format, lake: Lake) -> AsyncGenerator[bytes, None]:
    lines = f"{row['location']}/records.ndjson.gz"
    names = [column["name"] for column in row["columns"]]
    match form:
        case "ndjson":
            return stored_lines(lake, lines)
        case "csv":
            return _csv(lake, lines, names)
        case "parquet":
            return lake.read(f"{row['location']}/records.parquet")
        case "xlsx":
            return _xlsx(lake, lines, names)


async def _csv(lake: Lake, lines: str, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
    yield _rows([names])
    async with aclosing(stored_lines(lake, lines)) as blocks:
        async for block in blocks:
            yield await asyncio.to_thread(_as_csv, block, names)


def _as_csv(block: bytes, names: Sequence[str]) -> bytes:
    rows = map(msgspec.json.Decoder(dict[str, Any]).decode, block.splitlines())
    return _rows([[row.get(name) for name in names] for row in rows])


def _rows(rows: Sequence[Sequence[Any]]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows([[harmless(cell) for cell in row] for row in rows])
    return written.getvalue().encode()


def harmless(cell: Any) -> Any:
    """A cell that no program takes for a formula. Numbers stay numbers."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, dict | list):
        return msgspec.json.encode(cell).decode()
    if not isinstance(cell, str):
        return cell
    lines = [unicodedata.normalize("NFKC", line).strip() for line in cell.splitlines()]
    risky = cell.startswith(_STARTS) or any(line.startswith(_STARTS) for line in lines)
    return f"'{cell}" if risky else cell


async def _xlsx(lake: Lake, lines: str, names: Sequence[str]) -> AsyncGenerator[bytes, None]:
    async with room("export") as place:
        with (place / "rows.ndjson").open("wb") as written:
            async with aclosing(stored_lines(lake, lines)) as blocks:
                async for block in blocks:
                    await asyncio.to_thread(written.write, block)
        args = [str(place / "rows.ndjson"), list(names), str(place / "rows.xlsx")]
        await in_child(write_sheet, args, cpu_seconds=_XLSX_SECONDS, wall_seconds=_XLSX_SECONDS)
        with (place / "rows.xlsx").open("rb") as opened:
            while block := await asyncio.to_thread(opened.read, _BLOCK):
                yield block
