"""What goes on now: jobs that are not over, then those that ended a moment ago."""

from typing import Any, Literal
from uuid import UUID

from infra.postgres.database import Database, Transaction
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.jobs.shapes import v2
from services.jobs.store import views
from services.jobs.store.views import Place, Wanted

LINGER_SECONDS = 300.0  # how long a job that is over is still shown

_Part = Literal["living", "ended"]
_ORDER: dict[_Part, str] = {"living": "created_at", "ended": "finished_at"}


async def list_active_jobs(
    *, tenant: str, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items`` and ``next_page_token`` (None at the end). Raises ``InvalidPage``.

    Those that are not over come first, newest first; then those that are, the last to end first.
    """
    asked = ["active", tenant]
    start: tuple[_Part, Place | None] = ("living", None)
    part, before = _read(page_token, asked, database.seal) if page_token else start
    async with database.reading() as tx:
        found = await _from(tx, part, before, tenant=tenant, limit=page_size + 1)
    token = (
        write_page_token(_place(*found[page_size - 1]), asked=asked, seal=database.seal)
        if len(found) > page_size
        else None
    )
    return {"items": [v2(row) for _, row in found[:page_size]], "next_page_token": token}


async def _from(
    tx: Transaction, part: _Part, before: Place | None, *, tenant: str, limit: int
) -> list[tuple[_Part, dict[str, Any]]]:
    found: list[tuple[_Part, dict[str, Any]]] = []
    if part == "living":
        rows = await views.living(tx, Wanted(tenant=tenant), before=before, limit=limit)
        found, before = [("living", row) for row in rows], None
    if room := limit - len(found):
        rows = await views.ended(tx, tenant=tenant, within_seconds=LINGER_SECONDS, before=before, limit=room)
        found += [("ended", row) for row in rows]
    return found


def _read(page_token: str, asked: object, seal: bytes) -> tuple[_Part, Place]:
    part, moment, job_id = read_page_token(page_token, tuple[_Part, Moment, UUID], asked=asked, seal=seal)
    return part, (moment, job_id)


def _place(part: _Part, row: dict[str, Any]) -> tuple[str, Any, UUID]:
    return part, row[_ORDER[part]], UUID(str(row["id"]))
