"""A caller who reads jobs, and jobs in every state to read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.flow.jobs.counter import Counter, counter

STRANGERS = ["nonsense", str(UUID(int=404))]


@dataclass
class Reader:
    """Asks, and arranges what there is to see."""

    counter: Counter

    async def get(self, path: str, **query: Any) -> tuple[int, Any]:
        async with self.counter.http.get(self.counter.url + path, params=query) as answer:
            return answer.status, await answer.json(content_type=None)

    async def read(self, path: str, **query: Any) -> Any:
        """The body of an answer that is 200."""
        status, body = await self.get(path, **query)
        assert status == 200, body
        return body

    async def ids(self, path: str = "/api/v2/jobs", **query: Any) -> list[UUID]:
        """All there is to the end of a list, page by page."""
        found: list[UUID] = []
        while True:
            body = await self.read(path, **query)
            found += [UUID(item["id"]) for item in body["items"]]
            if body["next_page_token"] is None:
                return found
            assert len(body["items"]) == query.get("page_size", len(body["items"]))
            query["page_token"] = body["next_page_token"]

    async def queue(self, count: int = 1, *, columns: str = "", **fields: Any) -> list[UUID]:
        """New jobs, older to newer, then changed as ``columns`` says."""
        jobs = [NewJob(**{"id": uuid4(), "kind": "k", "queue": "q", **fields}) for _ in range(count)]
        for job in jobs:
            async with self.counter.runtime.database.transaction() as tx:
                await queue.enqueue(tx, job)
            if columns:
                await self.counter.sql(f"UPDATE jobs SET {columns} WHERE id = $1", job.id)
        return [job.id for job in jobs]


@asynccontextmanager
async def reader(database_dsn: str, folder: Path) -> AsyncIterator[Reader]:
    """A reader before the running faces."""
    async with counter(database_dsn, folder) as opened:
        yield Reader(opened)
