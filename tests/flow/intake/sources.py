"""Data sources as callers have them."""

import asyncio
from dataclasses import dataclass
from typing import Any

from functions import run_source
from infra.runtime.runtime import Runtime
from services.jobs.schedules.run_schedules import run_schedules
from services.jobs.submitting.admission import door
from tests.flow.jobs.contract import Caller

PATH = "/api/v1/data-sources"
SHOP = "https://shop.example/"
ORDER = {"dataset_id": "gd_1", "platform": "facebook", "competitor": "c", "url": "https://www.facebook.com/c"}


@dataclass
class Sources:
    """A caller who makes data sources and looks at them."""

    at: Caller

    @property
    def runtime(self) -> Runtime:
        return self.at.runtime

    async def ask(self, method: str, path: str = "", body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body of an answer under ``/api/v1/data-sources``."""
        more = {} if body is None else {"json": body}
        return await self.at.ask(method, PATH + path, headers=headers, **more)

    async def made(self, source_type: str = "website", **fields: Any) -> Any:
        body = {"name": "Shop", "source_type": source_type, **fields}
        status, said = await self.ask("POST", "", body)
        assert status == 201, said
        return said

    async def read(self, path: str = "") -> Any:
        status, said = await self.ask("GET", path)
        assert status == 200, said
        return said

    async def submitted(self, source: Any, *urls: str) -> list[Any]:
        status, said = await self.ask("POST", f"/{source['id']}/urls", {"urls": [*urls] or [SHOP]})
        assert status == 202, said
        found: list[Any] = said["jobs"]
        return found

    async def status(self, source: Any) -> Any:
        return (await self.read(f"/{source['id']}"))["status"]

    async def jobs(self, kind: str) -> list[Any]:
        """The rows of the jobs of a kind, as they were queued."""
        return await self.rows("SELECT * FROM jobs WHERE kind = $1 ORDER BY enqueued_at", kind)

    async def rows(self, statement: str, *values: object) -> list[Any]:
        return list(await self.runtime.database.pool.fetch(statement, *values))

    async def sql(self, statement: str, *values: object) -> None:
        await self.runtime.database.pool.execute(statement, *values)

    async def work(self) -> None:
        """Runs that wait are worked."""
        worker = run_source.main.function.worker(self.runtime)
        await worker.drain(asyncio.Event())

    async def fire(self) -> int:
        """The time of all schedules has come; how many jobs they make."""
        await self.sql("UPDATE schedules SET next_at = now() - interval '1 s'")
        return await run_schedules(door=self.runtime.once(door), database=self.runtime.database)
