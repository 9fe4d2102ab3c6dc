"""Datasets as callers see them."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from schemas.problem import Problem
from services.intake.store import datasets
from services.jobs.shapes import instant


class DatasetNotFound(Problem):
    """There is no such dataset for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no dataset with this id"
    recovery: ClassVar[str] = "GET /api/v1/datasets lists your datasets."


def dataset_id_of(text: str) -> UUID:
    """The id in a path. Raises ``DatasetNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise DatasetNotFound from error


async def find_dataset(dataset_id: UUID, *, tenant: str, database: Database) -> dict[str, Any]:
    """The row of a dataset. Raises ``DatasetNotFound``."""
    async with database.reading() as tx:
        row = await datasets.one(tx, dataset_id, tenant=tenant)
    if row is None:
        raise DatasetNotFound
    return row


async def list_datasets(
    *, tenant: str, source_id: UUID | None, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items``, newest first, and ``next_page_token`` (null at the end). Raises ``InvalidPage``."""
    asked = ["datasets", tenant, str(source_id)]
    form = tuple[Moment, UUID]
    before = read_page_token(page_token, form, asked=asked, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await datasets.page(tx, tenant=tenant, source_id=source_id, before=before, limit=page_size + 1)
    more, rows = len(rows) > page_size, rows[:page_size]
    place = (rows[-1]["created_at"], rows[-1]["id"]) if more else None
    token = write_page_token(place, asked=asked, seal=database.seal) if place else None
    return {"items": [shown(row) for row in rows], "next_page_token": token}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A dataset as callers see it."""
    names = ("filename", "file_type", "encoding", "sha256", "size_bytes", "row_count", "reject_count", "columns")
    return {
        "id": str(row["id"]),
        "source_id": str(row["source_id"]),
        "job_id": str(row["job_id"]),
        **{name: row[name] for name in (*names, "notes", "warehouse", "created_by")},
        "created_at": instant(row["created_at"]),
    }
