"""A house whose crawls are old, and its archive."""

import asyncio
from typing import Any
from uuid import UUID

from services.crawling.history.archive_crawls import archive_crawls
from services.jobs.history.archive_jobs import archive_jobs
from services.jobs.store import views
from tests.flow.crawling.rig import TENANT, House

DAYS = 30


async def aged(house: House, crawl_id: UUID, days: float = DAYS + 1) -> None:
    """The crawl ended so many days ago."""
    await house.sql(
        "UPDATE jobs SET finished_at = finished_at - $2 * interval '1 day', created_at = created_at - $2 * interval"
        " '1 day' WHERE id = $1",
        crawl_id,
        days,
    )


async def archived(house: House, *, days: float = DAYS, warehouse: Any = None) -> int:
    """Archive what is old; how many crawls left."""
    return await archive_crawls(
        asyncio.Event(),
        database=house.runtime.database,
        lake=house.context.lake,
        warehouse=warehouse or house.context.history,
        days=days,
    )


async def jobs_archived(house: House) -> int:
    """Archive jobs that left."""
    return await archive_jobs(
        asyncio.Event(),
        database=house.runtime.database,
        lake=house.context.lake,
        warehouse=house.context.history,
        kinds=[],
        days=DAYS,
    )


async def rows(house: House, crawl_id: UUID) -> list[dict[str, Any]]:
    """What the warehouse's table has of a crawl, by attempts."""
    return await house.context.warehouse.query(f"SELECT * FROM crawls WHERE crawl_id = '{crawl_id}' ORDER BY attempt")


async def left_behind(house: House) -> dict[str, int]:
    """How many rows each table still has that knows crawls."""
    tables = ("crawls", "loads", "ended_attempts", "leaving_crawls")
    return {name: (await house.rows(f"SELECT count(*) AS n FROM {name}"))[0]["n"] for name in tables}


async def job_is_here(house: House, crawl_id: UUID) -> bool:
    async with house.runtime.database.reading() as tx:
        return await views.one(tx, crawl_id, tenant=TENANT) is not None
