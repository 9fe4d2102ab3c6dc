"""Look at schedules."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.jobs.schedules.schedule import ScheduleNotFound, body
from services.jobs.store import schedules


async def list_schedules(*, tenant: str, page_size: int, page_token: str | None, database: Database) -> dict[str, Any]:
    """``items`` by their names, and ``next_page_token``. Raises ``InvalidPage``."""
    asked = ["schedules", tenant]
    after = read_page_token(page_token, tuple[str], asked=asked, seal=database.seal)[0] if page_token else ""
    async with database.reading() as tx:
        rows = await schedules.page(tx, tenant=tenant, after=after, limit=page_size + 1)
    more = len(rows) > page_size
    rows = rows[:page_size]
    token = write_page_token((rows[-1]["name"],), asked=asked, seal=database.seal) if more else None
    return {"items": [body(row) for row in rows], "next_page_token": token}


async def find_schedule(schedule_id: UUID, *, tenant: str, database: Database) -> dict[str, Any]:
    """One schedule. Raises ``ScheduleNotFound``."""
    async with database.reading() as tx:
        row = await schedules.one(tx, schedule_id, tenant=tenant)
    if row is None:
        raise ScheduleNotFound
    return body(row)
