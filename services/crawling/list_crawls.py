"""Page through crawls, newest first."""

import base64
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.crawl_status import status_body
from services.crawling.store import views

STATES = {
    "active": ["ready", "scheduled", "waiting", "running", "paused"],
    "completed": ["completed"],
    "failed": ["failed"],
    "cancelled": ["cancelled"],
}


class InvalidPage(Problem):
    """A page was asked for that cannot be."""

    code: ClassVar[str] = "INVALID_REQUEST"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "This page cannot be asked for"
    recovery: ClassVar[str] = "Correct the field named in `errors`; a page_token goes with the filter it came with."


async def list_crawls(
    *, tenant: str, status: str | None, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items`` and ``next_page_token`` ("" at the end). Raises ``InvalidPage``."""
    if status is not None and status not in STATES:
        raise _invalid("status", f"must be one of {', '.join(STATES)}")
    before = _place(page_token, status) if page_token else None
    async with database.reading() as tx:
        rows = await views.page(tx, tenant=tenant, states=STATES.get(status or ""), before=before, limit=page_size + 1)
    more = len(rows) > page_size
    rows = rows[:page_size]
    return {
        "items": [status_body(row, usual_seconds=None) for row in rows],
        "next_page_token": _token(rows[-1], status) if more else "",
    }


def _token(row: dict[str, Any], status: str | None) -> str:
    place = [row["created_at"].isoformat(), str(row["id"]), status]
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _place(token: str, status: str | None) -> tuple[datetime, UUID]:
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        created_at, crawl_id, filtered = msgspec.json.decode(raw, type=tuple[str, str, str | None])
        place = datetime.fromisoformat(created_at).astimezone(UTC), UUID(crawl_id)
    except (ValueError, OverflowError) as error:
        raise _invalid("page_token", "is not one of ours") from error
    if filtered != status:
        raise _invalid("page_token", "belongs to another filter")
    return place


def _invalid(field: str, message: str) -> InvalidPage:
    return InvalidPage(f"{field} {message}", errors=[{"field": field, "message": message}])
