"""Look at data sources."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Database, Transaction
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.intake.data_sources.built_in import files_of, make_built_in
from services.intake.data_sources.source import SourceNotFound, SourceType
from services.intake.data_sources.timetable import timetables
from services.intake.store import sources
from services.jobs.shapes import instant
from services.jobs.store.sources import statuses


async def find_source(source_id: UUID, *, tenant: str, database: Database) -> dict[str, Any]:
    """One source as callers see it; the built-in one is there as soon as somebody asks for it.

    Raises ``SourceNotFound``.
    """
    if source_id == files_of(tenant):
        await _have_built_in(tenant, database)
    async with database.reading() as tx:
        row = await sources.one(tx, source_id, tenant=tenant)
        if row is None:
            raise SourceNotFound
        return (await bodies(tx, [row], tenant=tenant))[0]


async def list_sources(
    *, tenant: str, source_type: SourceType | None, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items``, newest first, and ``next_page_token`` (None at the end). Raises ``InvalidPage``."""
    asked = ["data_sources", tenant, source_type]
    before = read_page_token(page_token, tuple[Moment, UUID], asked=asked, seal=database.seal) if page_token else None
    await _have_built_in(tenant, database)
    async with database.reading() as tx:
        rows = await sources.page(tx, tenant=tenant, source_type=source_type, before=before, limit=page_size + 1)
        more, rows = len(rows) > page_size, rows[:page_size]
        items = await bodies(tx, rows, tenant=tenant)
    place = (rows[-1]["created_at"], rows[-1]["id"]) if more else None
    return {"items": items, "next_page_token": place and write_page_token(place, asked=asked, seal=database.seal)}


async def bodies(tx: Transaction, rows: Sequence[Mapping[str, Any]], *, tenant: str) -> list[dict[str, Any]]:
    """Sources as callers see them: what each is at, and when it runs."""
    at = await statuses(tx, [str(row["id"]) for row in rows], tenant=tenant)
    when = await timetables(tx, [row["id"] for row in rows], tenant=tenant)
    return [
        {
            "id": str(row["id"]),
            **{name: row[name] for name in ("name", "source_type", "config", "description", "builtin", "created_by")},
            "status": at[str(row["id"])],
            "schedule": when.get(row["id"]),
            "created_at": instant(row["created_at"]),
            "updated_at": instant(row["updated_at"]),
        }
        for row in rows
    ]


async def _have_built_in(tenant: str, database: Database) -> None:
    async with database.reading() as tx:
        there = await sources.one(tx, files_of(tenant), tenant=tenant)
    if there is None:
        await make_built_in(tenant=tenant, database=database)
