"""Queues captures of the bundled site, and has them worked."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from infra.embedded.lake import Lake
from infra.local.simulators import site
from infra.postgres.database import Database
from infra.runtime.browser.pool import Browsers
from services.intake.capture_page import JOB_SECONDS, capture_page
from services.intake.capturing.captured import Budget
from services.jobs.engine.terms import Terms
from services.jobs.engine.worker import Worker
from services.jobs.job import NewJob, Work
from services.jobs.progress import Reporter
from services.jobs.store import queue
from services.jobs.sweep import sweep


class Studio:
    """One worker's captures. ``classified`` are the calls of the port."""

    def __init__(self, database: Database, browsers: Browsers, shop: site.Site, folder: Path) -> None:
        self.database = database
        self.browsers = browsers
        self.shop = shop
        self.lake = Lake(folder)
        self.allow = frozenset({shop.url.removeprefix("http://")})
        self.classified: list[Mapping[str, Any]] = []
        self.answer: dict[str, Any] = {"resources": [{"label": "bread"}], "warnings": []}

    async def classify(self, **given: Any) -> dict[str, Any]:
        self.classified.append({**given, "bytes": await given["screenshot"]()})
        return self.answer

    async def queue(self, path: str, **payload: Any) -> UUID:
        url = self.shop.url + path if path.startswith("/") else path
        new = NewJob(
            id=uuid4(),
            kind="capture",
            queue="capture",
            payload={"url": url, "classify": False, **payload},
            source_id="source-1",
        )
        async with self.database.transaction() as tx:
            await queue.enqueue(tx, new)
        return new.id

    async def work(self, budget: Budget) -> None:
        """Until nothing is ready."""
        run = partial(
            capture_page,
            browsers=self.browsers,
            allow=self.allow,
            lake=self.lake,
            classify=self.classify,
            reporter=Reporter(self.database),
            database=self.database,
            clock=partial(datetime.now, UTC),
            budget=budget,
        )
        worker = Worker(
            database=self.database,
            queue="capture",
            work={"capture": Work(run=run, timeout_seconds=JOB_SECONDS)},
            name="w",
            terms=Terms(retry_base_seconds=0.01),
        )
        async with asyncio.timeout(90):
            await worker.drain(asyncio.Event())

    async def capture(self, path: str, *, budget: Budget | None = None, rounds: int = 1, **payload: Any) -> Any:
        """The row of a job that was worked so often."""
        job_id = await self.queue(path, **payload)
        for _ in range(rounds):
            await self.work(budget or Budget(seconds=20))
            await self.database.pool.execute("UPDATE jobs SET due_at = now() WHERE state = 'scheduled'")
            await sweep(self.database)
        return await self.row(job_id)

    async def row(self, job_id: UUID) -> Any:
        return await self.database.pool.fetchrow("SELECT * FROM jobs WHERE id = $1", job_id)

    async def stored(self, name: str) -> bytes:
        return b"".join([block async for block in self.lake.read(name)])
