"""A page of a dataset's rows."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from infra.runtime.lake import Lake
from infra.runtime.stored_lines import stored_lines
from services.intake.datasets.find_datasets import find_dataset
from services.intake.store import blocks


async def page_rows(
    dataset_id: UUID, *, tenant: str, page_size: int, page_token: str | None, lake: Lake, database: Database
) -> dict[str, Any]:
    """``items`` in the file's order and ``next_page_token`` (null at the end).

    Raises ``DatasetNotFound``, ``InvalidPage``, ``ObjectMissing``, ``StoreUnavailable``.
    """
    row = await find_dataset(dataset_id, tenant=tenant, database=database)
    asked = ["rows", tenant, str(dataset_id)]
    [start] = read_page_token(page_token, tuple[int], asked=asked, seal=database.seal) if page_token else [0]
    async with database.reading() as tx:
        place = await blocks.holding(tx, dataset_id, first=start, count=page_size)
    found = stored_lines(lake, f"{row['location']}/records.ndjson.gz", start=place.start, size=place.size)
    lines = await some_lines(found, start - place.first_row, page_size)
    more = start + len(lines) < row["row_count"] and bool(lines)
    token = write_page_token((start + len(lines),), asked=asked, seal=database.seal) if more else None
    return {"items": [msgspec.json.decode(line) for line in lines], "next_page_token": token}


async def some_lines(pieces: AsyncGenerator[bytes, None], before: int, count: int) -> list[bytes]:
    """At most so many lines, behind those before them; what comes after them is not read."""
    found: list[bytes] = []
    async with aclosing(pieces):
        async for piece in pieces:
            here = piece.count(b"\n")
            if here <= before:
                before -= here
                continue
            lines = await asyncio.to_thread(piece.splitlines)
            found += lines[before : before + count - len(found)]
            before = 0
            if len(found) >= count:
                break
    return found
