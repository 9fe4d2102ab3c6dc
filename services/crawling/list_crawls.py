"""Page through crawls, newest first."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import Moment, invalid_page, read_page_token, write_page_token
from services.crawling.crawl_status import status_body
from services.crawling.store import views

STATES = {
    "active": ["ready", "scheduled", "waiting", "running", "paused"],
    "completed": ["completed"],
    "failed": ["failed"],
    "cancelled": ["cancelled"],
}


async def list_crawls(
    *,
    tenant: str,
    status: str | None,
    page_size: int,
    page_token: str | None,
    database: Database,
    polling_enabled: bool,
) -> dict[str, Any]:
    """``items`` and ``next_page_token`` (None at the end). Raises ``InvalidPage``."""
    if status is not None and status not in STATES:
        raise invalid_page("status", f"must be one of {', '.join(STATES)}")
    asked = ["crawls", tenant, status]
    before = read_page_token(page_token, tuple[Moment, UUID], asked=asked, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await views.page(tx, tenant=tenant, states=STATES.get(status or ""), before=before, limit=page_size + 1)
    more = len(rows) > page_size
    rows = rows[:page_size]
    return {
        "items": [status_body(row, usual_seconds=None, polling_enabled=polling_enabled) for row in rows],
        "next_page_token": _token(rows[-1], asked, database.seal) if more else None,
    }


def _token(row: dict[str, Any], asked: object, seal: bytes) -> str:
    return write_page_token((row["created_at"], UUID(str(row["id"]))), asked=asked, seal=seal)
