"""Page through jobs, newest first."""

from typing import Any
from uuid import UUID

from msgspec.structs import asdict

from infra.postgres.database import Database
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.jobs.shapes import v2
from services.jobs.store import views
from services.jobs.store.views import Wanted


async def list_jobs(wanted: Wanted, *, page_size: int, page_token: str | None, database: Database) -> dict[str, Any]:
    """``items`` and ``next_page_token`` (None at the end). Raises ``InvalidPage``."""
    asked = asdict(wanted)
    before = read_page_token(page_token, tuple[Moment, UUID], asked=asked, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await views.page(tx, wanted, before=before, limit=page_size + 1)
    more, rows = len(rows) > page_size, rows[:page_size]
    token = (
        write_page_token((rows[-1]["created_at"], UUID(str(rows[-1]["id"]))), asked=asked, seal=database.seal)
        if more
        else None
    )
    return {"items": [v2(row) for row in rows], "next_page_token": token}
