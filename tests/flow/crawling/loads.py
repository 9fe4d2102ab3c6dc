"""Loads that are watched, and that fail."""

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.problem import Problem
from services.jobs.job import Job
from services.jobs.store import held
from tests.flow.crawling.rig import TENANT, House

_JOBS = """
INSERT INTO jobs (id, kind, queue, state)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'crawl', 'store', 'completed'
FROM generate_series(1, $1::int) n
"""
_CRAWLS = """
INSERT INTO crawls (id, tenant, provider, dataset_id, platform, competitor, inputs, webhook_token, deadline)
SELECT id, 'default', 'bright_data', 'gd_1', 'p', 'c', '[]', 'hook', now() FROM jobs WHERE kind = 'crawl'
"""
_LOADS = """
INSERT INTO jobs (id, kind, queue, state, payload)
SELECT gen_random_uuid(), 'load', 'load', 'ready',
  jsonb_build_object('crawl_id', id, 'attempt', 1, 'result', jsonb_build_object('size_bytes', 9))
FROM jobs WHERE kind = 'crawl' RETURNING payload->>'crawl_id' AS crawl_id
"""


class Recorded:
    """A real warehouse that notes what it is asked to load and to publish, and may be away."""

    def __init__(self, whole: Any, problem: Problem | None = None) -> None:
        self.whole, self.problem = whole, problem
        self.loads: list[list[tuple[str, int]]] = []
        self.published: list[dict[str, int]] = []

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        self.loads.append([(source.key, source.attempt) for source in sources])
        if self.problem is not None:
            raise self.problem
        counts: Mapping[str, int] = await self.whole.load(load_id, table, sources)
        return counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        self.published.append(dict(attempts))
        await self.whole.publish(table, attempts)

    async def query(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.whole.query(sql)
        return found


class Interrupted(Recorded):
    """Something happens at one moment of a load, once: while it ``load``s, ``before`` its rows show, or ``after``."""

    def __init__(self, house: House, moment: str, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(house.context.warehouse)
        self.moment: str | None = moment
        self.happens = happens

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        counts = await super().load(load_id, table, sources)
        await self._reached("load")
        return counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        await self._reached("before")
        await super().publish(table, attempts)
        await self._reached("after")

    async def _reached(self, moment: str) -> None:
        if self.moment == moment:
            self.moment = None
            await self.happens()


def interrupted(house: House, moment: str, happens: Callable[[], Awaitable[None]]) -> Interrupted:
    warehouse = Interrupted(house, moment, happens)
    house.replace(warehouse=warehouse)
    return warehouse


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


async def many(house: House, number: int) -> list[UUID]:
    """So many crawls of one row that are completed and wait to be loaded."""
    await house.sql(_JOBS, number)
    await house.sql(_CRAWLS)
    for row in await house.rows(_LOADS):
        name = f"crawls/{TENANT}/{row['crawl_id']}/1/records.ndjson.gz"

        async def line() -> AsyncIterator[bytes]:
            yield gzip.compress(b"{}\n")

        await house.context.lake.create(name, line())
    return [row["id"] for row in await house.rows("SELECT id FROM jobs WHERE kind = 'crawl'")]
