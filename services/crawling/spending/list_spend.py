"""Page through what was spent, by day, source and provider."""

from datetime import date
from typing import Any

from infra.postgres.database import Database
from infra.runtime.http.page_token import read_page_token, write_page_token
from services.crawling.spending.budget import number
from services.crawling.store import purchases


async def list_spend(
    *,
    tenant: str,
    since: date,
    until: date,
    source_id: str | None,
    provider: str | None,
    page_size: int,
    page_token: str | None,
    database: Database,
) -> dict[str, Any]:
    """``items`` and ``next_page_token`` (None at the end), the newest day first. Raises ``InvalidPage``.

    Days are UTC's, of when something was ordered. ``unsettled_records`` are reserved or assumed: nobody has counted
    them.
    """
    asked = ["spend", tenant, since, until, source_id, provider]
    after = read_page_token(page_token, tuple[date, str, str], asked=asked, seal=database.seal) if page_token else None
    async with database.reading() as tx:
        rows = await purchases.spend(
            tx,
            tenant,
            since=since,
            until=until,
            source_id=source_id,
            provider=provider,
            after=after,
            limit=page_size + 1,
        )
    more = len(rows) > page_size
    rows = rows[:page_size]
    place = (rows[-1]["day"], rows[-1]["source_id"], rows[-1]["provider"]) if more else ()
    token = write_page_token(place, asked=asked, seal=database.seal) if more else None
    return {"items": [_shown(row) for row in rows], "next_page_token": token}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "day": row["day"].isoformat(),
        "source_id": row["source_id"] or None,
        "provider": row["provider"],
        "crawls": int(row["crawls"]),
        "records": int(row["records"]),
        "money": number(row["money"]),
        "unsettled_records": int(row["unsettled"] or 0),
    }
