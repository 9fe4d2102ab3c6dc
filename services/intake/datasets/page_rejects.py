"""A page of what in a dataset's file was no row."""

from typing import Any
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from infra.runtime.lake import Lake
from infra.runtime.stored_lines import stored_lines
from services.intake.datasets.find_datasets import find_dataset
from services.intake.datasets.page_rows import some_lines
from services.intake.reading.objects import MOST_REJECTS


async def page_rejects(
    dataset_id: UUID, *, tenant: str, page_size: int, page_token: str | None, lake: Lake, database: Database
) -> dict[str, Any]:
    """``items`` in the file's order and ``next_page_token`` (null at the end); what was not kept is none of them.

    Raises ``DatasetNotFound``, ``InvalidPage``, ``ObjectMissing``, ``StoreUnavailable``.
    """
    row = await find_dataset(dataset_id, tenant=tenant, database=database)
    asked = ["rejects", tenant, str(dataset_id)]
    [start] = read_page_token(page_token, tuple[int], asked=asked, seal=database.seal) if page_token else [0]
    kept = min(row["reject_count"], MOST_REJECTS)
    if start >= kept:
        return {"items": [], "next_page_token": None}
    lines = await some_lines(stored_lines(lake, f"{row['location']}/rejects.ndjson.gz"), start, page_size)
    more = bool(lines) and start + len(lines) < kept
    token = write_page_token((start + len(lines),), asked=asked, seal=database.seal) if more else None
    return {"items": [msgspec.json.decode(line) for line in lines], "next_page_token": token}
