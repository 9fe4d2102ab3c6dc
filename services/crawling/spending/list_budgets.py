"""Page through a tenant's budgets, its own first."""

from collections.abc import Mapping
from typing import Any

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.crawling.spending.budget import LIMITS, number, renews_at, used
from services.crawling.store import budgets


async def list_budgets(
    *, tenant: str, source_id: str | None, page_size: int, page_token: str | None, database: Database
) -> dict[str, Any]:
    """``items`` and ``next_page_token`` (None at the end). Raises ``InvalidPage``."""
    asked = ["budgets", tenant, source_id]
    after = read_page_token(page_token, tuple[str], asked=asked, seal=database.seal)[0] if page_token else None
    async with database.reading() as tx:
        rows = await budgets.page(tx, tenant, source_id=source_id, after=after, limit=page_size + 1)
    more = len(rows) > page_size
    rows = rows[:page_size]
    token = write_page_token((rows[-1]["source_id"],), asked=asked, seal=database.seal) if more else None
    return {"items": [shown(row) for row in rows], "next_page_token": token}


def shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """A budget's row as callers see it."""
    limits = {name: None if row[name] is None else number(row[name]) for name in LIMITS}
    renewals = {name: renews_at(name, row["today"]).isoformat().replace("+00:00", "Z") for name in LIMITS}
    return {
        "source_id": row["source_id"] or None,
        **limits,
        "used": {name: number(used(row, name)) for name in LIMITS},
        "renews_at": {"day": renewals["records_per_day"], "month": renewals["records_per_month"]},
        "updated_at": row["updated_at"].isoformat().replace("+00:00", "Z"),
        "updated_by": row["updated_by"],
    }
