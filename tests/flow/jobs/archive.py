"""A desk of jobs beside a lake and a warehouse that may die."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from infra.postgres.database import Database
from schemas.load_source import LoadSource, WarehouseRejected
from services.jobs.history.archive_jobs import archive_jobs
from services.jobs.limits import Limits
from services.jobs.reading.find_job import find_job
from tests.contract.jobs.rig import Desk, Final, failing

TENANT = "default"
DAYS = 30
LIMITS = Limits(max_retries=3, timeout_seconds=300.0)


class Crash(BaseException):
    """The process ended here."""


class Fragile(Warehouse):
    """A warehouse whose process ends right before or right after it published, and that refuses some loads."""

    dies: str | None = None
    refuses: int = 0
    refused: set[str]

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        if len(self.refused) < self.refuses:
            self.refused.add(load_id)
        if load_id in self.refused:
            raise WarehouseRejected
        counts = await super().load(load_id, table, sources)
        if self.dies == "loaded":
            raise Crash
        return counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        await super().publish(table, attempts)
        if self.dies == "published":
            raise Crash


@dataclass
class Archive:
    """A desk of jobs beside a lake and a warehouse."""

    desk: Desk
    database: Database
    lake: Lake
    warehouse: Fragile

    async def run(self, *, kinds: Sequence[str] = ("k",), days: float = DAYS, stop: asyncio.Event | None = None) -> int:
        return await archive_jobs(
            stop or asyncio.Event(),
            database=self.database,
            lake=self.lake,
            warehouse=self.warehouse,
            kinds=kinds,
            days=days,
        )

    async def finished(self, *, days_ago: float = 31, **changes: Any) -> UUID:
        """A job that completed so many days ago."""
        [job_id] = await self.desk.queue(**changes)
        await self.desk.drain()
        return await self.aged(job_id, days_ago)

    async def failed(self, *, days_ago: float, discarded: bool = False) -> UUID:
        [job_id] = await self.desk.queue()
        await self.desk.drain(failing(Final("no")))
        if discarded:
            await self.desk.change(job_id, "discarded_at = now(), discard_reason = 'known'")
        return await self.aged(job_id, days_ago)

    async def aged(self, job_id: UUID, days: float) -> UUID:
        await self.desk.change(job_id, f"finished_at = finished_at - {days} * interval '1 day'")
        return job_id

    async def find(self, job_id: UUID, *, tenant: str = TENANT) -> dict[str, Any]:
        return await find_job(job_id, tenant=tenant, database=self.database, warehouse=self.warehouse)

    async def live(self) -> set[UUID]:
        return {UUID(str(row["id"])) for row in await self.database.pool.fetch("SELECT id FROM jobs")}

    async def asked(self) -> list[str]:
        rows = await self.warehouse.query("SELECT job_id FROM job_history ORDER BY job_id")
        return [row["job_id"] for row in rows]

    async def objects(self) -> list[str]:
        return [name async for name in self.lake.list("")]


async def loads(archive: Archive) -> list[int]:
    rows = await archive.warehouse.query("SELECT count(*) AS jobs FROM job_history GROUP BY load_id ORDER BY jobs DESC")
    return [row["jobs"] for row in rows]
