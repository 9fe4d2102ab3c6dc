"""Loads that are watched, and that fail."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.problem import Problem
from services.jobs.job import Job
from services.jobs.store import held
from tests.flow.crawling.rig import House


class Recorded:
    """A real warehouse that notes what it is asked to load, and may be away."""

    def __init__(self, whole: Any, problem: Problem | None = None) -> None:
        self.whole, self.problem = whole, problem
        self.loads: list[list[tuple[str, int]]] = []

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        self.loads.append([(source.key, source.attempt) for source in sources])
        if self.problem is not None:
            raise self.problem
        counts: Mapping[str, int] = await self.whole.load(load_id, table, sources)
        return counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        await self.whole.publish(table, attempts)

    async def query(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.whole.query(sql)
        return found


def recorded(house: House, problem: Problem | None = None) -> Recorded:
    warehouse = Recorded(getattr(house.context.warehouse, "whole", house.context.warehouse), problem)
    house.replace(warehouse=warehouse)
    return warehouse


async def load_jobs(house: House) -> list[Job]:
    """Hold everything that waits to be loaded, as a worker would."""
    async with house.runtime.database.transaction() as tx:
        return await held.claim(tx, "load", limit=100, lease_seconds=60, worker="test")


async def warehouse_events(house: House, crawl_id: UUID) -> list[tuple[str, str | None]]:
    told = await house.events(crawl_id, "data.ingestion.completed", "data.warehouse.loaded", "crawl.failed")
    return [(event["type"], event["data"].get("warehouse")) for event in told]


async def fail_load(house: House) -> None:
    recorded(house, WarehouseUnavailable("no answer"))
    for _ in range(8):
        await house.hurry()
        await house.work("load")
