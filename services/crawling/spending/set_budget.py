"""Set what a tenant, or one of its data sources, may spend."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from infra.postgres.database import Database
from services.crawling.spending.list_budgets import shown
from services.crawling.store import budgets

Count = Annotated[int, Field(ge=0, le=10**15)]
Money = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=15, decimal_places=6)]


class BudgetLimits(BaseModel):
    """The limits of a budget. What is not named is not limited; without any there is no budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    records_per_day: Count | None = None
    records_per_month: Count | None = None
    crawls_per_day: Count | None = None
    crawls_per_month: Count | None = None
    money_per_day: Money | None = None
    money_per_month: Money | None = None


async def set_budget(
    limits: BudgetLimits, *, tenant: str, source_id: str | None, updated_by: str | None, database: Database
) -> dict[str, Any]:
    """The budget as it is now, with what counts against it; what was bought in its periods before counts too."""
    async with database.transaction() as tx:
        await budgets.set_limits(tx, tenant, source_id or "", limits.model_dump(), updated_by=updated_by)
        found = await budgets.page(tx, tenant, source_id=source_id or "", after=None, limit=1)
    return shown(found[0]) if found else {"source_id": source_id, **limits.model_dump()}
