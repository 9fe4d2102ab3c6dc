"""Budgets as rows: limits, and what counts against them."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from infra.postgres.database import Transaction
from services.crawling.spending.budget import LIMITS, Amount

_ROW = (
    "b.*, current_date AS today, b.day = current_date AS is_today,"
    " b.month = date_trunc('month', current_date)::date AS is_this_month"
)
_COUNTS = [(what, f"{what}_{period}", period) for what, period in LIMITS.values()]
_PARAMETERS = {"crawls": "$4::bigint", "records": "$5::bigint", "money": "$6::numeric"}
_CURRENT = {"today": "current_date", "this_month": "date_trunc('month', current_date)::date"}
_COLUMN = {"today": "day", "this_month": "month"}
_OF_PURCHASE = {
    "today": "coalesce($3::date, current_date)",
    "this_month": "date_trunc('month', coalesce($3::date, current_date))::date",
}

# A count of another period than today's is over: it begins anew. What changes in a purchase of a period that is over
# counts no more.
_ADD = f"""
UPDATE budgets SET {
    ", ".join(
        f"{count} = CASE WHEN {_COLUMN[period]} = {_CURRENT[period]} THEN {count} ELSE 0 END"
        f" + CASE WHEN {_OF_PURCHASE[period]} = {_CURRENT[period]} THEN {_PARAMETERS[what]} ELSE 0 END"
        for what, count, period in _COUNTS
    )
}, day = current_date, month = {_CURRENT["this_month"]}
WHERE tenant = $1 AND (source_id = '' OR source_id = $2)
"""

_SUMS = ", ".join(
    f"coalesce(sum({what}) FILTER (WHERE day >= {_CURRENT[period]}), 0) AS {count}" for what, count, period in _COUNTS
)
_NAMES = ", ".join(count for _, count, _ in _COUNTS)
_SET = f"""
INSERT INTO budgets (tenant, source_id, updated_by, {", ".join(LIMITS)}, {_NAMES})
SELECT $1, $2, $3, $4::bigint, $5::bigint, $6::bigint, $7::bigint, $8::numeric, $9::numeric, {_NAMES}
FROM (SELECT {_SUMS} FROM purchases
  WHERE tenant = $1 AND day >= date_trunc('month', current_date)::date AND ($2 = '' OR source_id = $2)) AS spent
ON CONFLICT (tenant, source_id) DO UPDATE SET updated_by = excluded.updated_by, updated_at = now(),
  day = excluded.day, month = excluded.month,
  {", ".join(f"{name} = excluded.{name}" for name in (*LIMITS, *(count for _, count, _ in _COUNTS)))}
"""


async def lock(tx: Transaction, tenant: str) -> list[dict[str, Any]]:
    """All budgets of a tenant, locked until the commit: always in the same order, so that nobody waits in a circle.

    Where a tenant has none, its purchases stand in nobody's way.
    """
    # whoever sets a budget counts what was bought so far: nothing may be on its way meanwhile
    await tx.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('budgets ' || $1, 0))", tenant)
    rows = await tx.fetch(f"SELECT {_ROW} FROM budgets b WHERE tenant = $1 ORDER BY source_id FOR UPDATE", tenant)
    return [dict(row) for row in rows]


async def add(tx: Transaction, tenant: str, source_id: str, amount: Amount, *, day: date | None = None) -> None:
    """Count a purchase of a day (today if none is named), or what has changed in one, by its difference."""
    await tx.execute(
        _ADD,
        tenant,
        source_id,
        day,
        amount.crawls,
        amount.records,
        amount.money,
    )


async def set_limits(
    tx: Transaction, tenant: str, source_id: str, limits: Mapping[str, int | Decimal | None], *, updated_by: str | None
) -> None:
    """Set a budget, and count against it what was bought in its periods so far; without limits there is none."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('budgets ' || $1, 0))", tenant)
    values: Sequence[Any] = [limits[name] for name in LIMITS]
    if all(value is None for value in values):
        await tx.execute("DELETE FROM budgets WHERE tenant = $1 AND source_id = $2", tenant, source_id)
        return
    await tx.execute(_SET, tenant, source_id, updated_by, *values)


async def page(
    tx: Transaction, tenant: str, *, source_id: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """Budgets of a tenant, its own before those of its sources; or only that of one source ('': its own)."""
    rows = await tx.fetch(
        f"SELECT {_ROW} FROM budgets b WHERE tenant = $1 AND ($2::text IS NULL OR source_id = $2)"
        " AND ($3::text IS NULL OR source_id > $3) ORDER BY source_id LIMIT $4",
        tenant,
        source_id,
        after,
        limit,
    )
    return [dict(row) for row in rows]
