"""The jobs of a data source."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.intake.data_sources.find_sources import find_source
from services.jobs.shapes import source_job
from services.jobs.store import views
from services.jobs.store.views import Wanted


async def list_source_jobs(
    source_id: UUID,
    *,
    statuses: Sequence[str] | None,
    tenant: str,
    page_size: int,
    page_token: str | None,
    database: Database,
) -> dict[str, Any]:
    """``items``, newest first, of any of these statuses (None: all), and ``next_page_token`` (None at the end).

    Raises ``SourceNotFound``, ``InvalidPage``.
    """
    await find_source(source_id, tenant=tenant, database=database)
    wanted = Wanted(tenant=tenant, source_id=str(source_id), statuses=None if statuses is None else tuple(statuses))
    asked = ["source_jobs", tenant, str(source_id), statuses]
    before = read_page_token(page_token, tuple[Moment, UUID], asked=asked, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await views.page(tx, wanted, before=before, limit=page_size + 1)
    more, rows = len(rows) > page_size, rows[:page_size]
    place = (rows[-1]["created_at"], UUID(str(rows[-1]["id"]))) if more else None
    return {
        "items": [source_job(row) for row in rows],
        "next_page_token": place and write_page_token(place, asked=asked, seal=database.seal),
    }
