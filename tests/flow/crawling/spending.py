"""Budgets as an admin sets them, and what was counted against them."""

from decimal import Decimal
from typing import Any

from services.crawling.spending.list_budgets import list_budgets
from services.crawling.spending.set_budget import BudgetLimits, set_budget
from tests.flow.crawling.rig import TENANT, House

ONE_RECORD = {"limit_per_input": 1}


async def allow(house: House, source_id: str | None = None, **limits: Any) -> dict[str, Any]:
    """Set the tenant's budget, or a source's."""
    return await set_budget(
        BudgetLimits.model_validate(limits),
        tenant=TENANT,
        source_id=source_id,
        updated_by="an admin",
        database=house.context.database,
    )


async def used(house: House, source_id: str = "") -> dict[str, Any]:
    """What counts against a budget, by the names of its limits; '' is the tenant's."""
    asked: dict[str, Any] = {"source_id": source_id, "page_size": 50, "page_token": None}
    (found,) = (await list_budgets(tenant=TENANT, database=house.context.database, **asked))["items"]
    counts: dict[str, Any] = found["used"]
    return counts


async def purchases(house: House) -> list[tuple[int, str, int, Decimal]]:
    """Every purchase: attempt, state, records and money."""
    rows = await house.rows("SELECT attempt, state, records, money FROM purchases ORDER BY reserved_at, attempt")
    return [tuple(row) for row in rows]
