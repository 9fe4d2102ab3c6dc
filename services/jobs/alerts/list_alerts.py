"""Page through alerts, the newest first."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from infra.runtime.http.page_token import Moment, read_page_token, write_page_token
from services.jobs.shapes import instant
from services.jobs.store import alerts


async def list_alerts(
    *, standing: bool | None, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items`` and ``next_page_token`` (None at the end); only those that stand, or only those that are over.

    Raises ``InvalidPage``.
    """
    before = (
        read_page_token(page_token, tuple[Moment, UUID], asked=standing, seal=database.seal) if page_token else None
    )
    async with database.reading() as tx:
        found = await alerts.page(tx, standing=standing, before=before, limit=page_size + 1)
    more, rows = len(found) > page_size, found[:page_size]
    token = (
        write_page_token((rows[-1]["raised_at"], UUID(str(rows[-1]["id"]))), asked=standing, seal=database.seal)
        if more
        else None
    )
    return {"items": [_shown(row) for row in rows], "next_page_token": token}


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "rule": row["rule"],
        "subject": row["subject"] or None,
        "level": row["level"],
        "message": row["message"],
        "standing": row["cleared_at"] is None,
        "raised_at": instant(row["raised_at"]),
        "cleared_at": instant(row["cleared_at"]),
        "value": row["value"],
        "last_value": row["last_value"],
    }
