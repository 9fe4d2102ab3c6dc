"""The faces on the loopback over a real database, and a caller who submits there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from functions import run_drill
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import Settings
from infra.runtime.http.faces import faces
from infra.runtime.runtime import Runtime, open_runtime
from tests.contract.http.house import serving

PREFIX = "/api/background"


@dataclass
class Counter:
    """Where jobs are handed in."""

    url: str
    http: aiohttp.ClientSession
    runtime: Runtime

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body of an answer under ``/api/background``."""
        async with self.http.request(method, self.url + PREFIX + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)

    async def submit(self, body: Any = None, **headers: str) -> tuple[int, Any]:
        return await self.ask("POST", "/submit", {"kind": "drill"} if body is None else body, **headers)

    async def accepted(self, **fields: Any) -> Any:
        """The row of a job that was submitted so."""
        status, body = await self.submit({"kind": "drill", **fields})
        assert status == 202, body
        return await self.row(body["job_id"])

    async def row(self, job_id: str) -> Any:
        return (await self.rows("SELECT * FROM jobs WHERE id = $1", job_id))[0]

    async def rows(self, statement: str, *values: object) -> list[Any]:
        return list(await self.runtime.database.pool.fetch(statement, *values))

    async def sql(self, statement: str, *values: object) -> None:
        await self.runtime.database.pool.execute(statement, *values)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """During the block drills are worked."""
        stop = asyncio.Event()
        task = asyncio.create_task(run_drill.main.function.serve(self.runtime, stop))
        try:
            yield
        finally:
            stop.set()
            self.runtime.doorbell.rouse()
            await task


@asynccontextmanager
async def counter(database_dsn: str, folder: Path, **settings: Any) -> AsyncIterator[Counter]:
    """An open counter."""
    given = {"data_dir": folder, "database_url": Secret(database_dsn), **settings}
    async with open_runtime(Settings(**given)) as runtime:
        app = faces(runtime, ["jobs"])
        async with serving(app) as port, aiohttp.ClientSession() as http:
            yield Counter(f"http://127.0.0.1:{port}", http, runtime)
