"""The routes about money: budgets, and what was spent."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query

from infra.runtime.auth.scoped import Administering, Reading
from infra.runtime.http.answers import problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.crawling.spending.list_budgets import list_budgets
from services.crawling.spending.list_spend import list_spend
from services.crawling.spending.set_budget import BudgetLimits, set_budget
from services.crawling.wiring import crawling

SourceId = Annotated[str | None, Query(min_length=1, max_length=200)]
PageSize = Annotated[int, Query(ge=1, le=200)]
MONTH = timedelta(days=30)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made, context = APIRouter(prefix="/api/v1", tags=["crawling"]), runtime.once(crawling)

    @made.get("/budgets", responses=problems(InvalidPage))
    async def budgets(
        caller: Reading, source_id: SourceId = None, page_size: PageSize = 50, page_token: str | None = None
    ) -> dict[str, Any]:
        """Your budgets and what counts against them: the tenant's own first (`source_id` null), then its sources'."""
        return await list_budgets(
            tenant=caller.tenant,
            source_id=source_id,
            page_size=page_size,
            page_token=page_token,
            database=context.database,
        )

    @made.put("/budgets")
    async def put_budget(limits: BudgetLimits, caller: Administering, source_id: SourceId = None) -> dict[str, Any]:
        """Set the tenant's budget, or with `source_id` that of one data source; without limits it is removed.

        Days and months are UTC's. What was ordered in them before counts too.
        """
        return await set_budget(
            limits, tenant=caller.tenant, source_id=source_id, updated_by=caller.name, database=context.database
        )

    @made.get("/spend", responses=problems(InvalidPage))
    async def spend(
        caller: Reading,
        *,
        since: date | None = None,
        until: date | None = None,
        source_id: SourceId = None,
        provider: str | None = None,
        page_size: PageSize = 50,
        page_token: str | None = None,
    ) -> dict[str, Any]:
        """What was spent, by day, data source and provider, the newest day first; the last 30 days if none is named."""
        last = until or datetime.now(UTC).date()
        return await list_spend(
            tenant=caller.tenant,
            since=since or last - MONTH,
            until=last,
            source_id=source_id,
            provider=provider,
            page_size=page_size,
            page_token=page_token,
            database=context.database,
        )

    return made
