"""A face of the events context on the loopback, and events to read there."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import uvicorn

from infra.postgres.database import Database
from infra.runtime.auth.caller import Caller
from infra.runtime.http.app import create_app
from infra.runtime.http.streams import Streams
from schemas.event import Event
from schemas.events.crawl_failed import CrawlFailed
from schemas.events.crawl_triggered import CrawlTriggered
from services.events.feed import Feed
from services.events.main import routes
from tests.gates import OpenGate

PATIENCE = 15.0


def failed(number: int, attempt: int = 1) -> CrawlFailed:
    return CrawlFailed(
        crawl_id=f"crawl-{number}", attempt=attempt, error="e", code="TIMEOUT", stage="s", recovery="r\n\u2028é"
    )


def triggered(number: int) -> CrawlTriggered:
    return CrawlTriggered(
        crawl_id=f"crawl-{number}", attempt=1, snapshot_id="s", platform="p", competitor="c", provider="bright_data"
    )


async def until(true: Callable[[], object]) -> None:
    """Wait for what happens on the other side of a connection."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


async def tell(database: Database, *events: Event, tenant: str = "default") -> None:
    async with database.transaction() as tx:
        for event in events:
            await tx.record(event, tenant=tenant)


@dataclass
class House:
    """A running face."""

    url: str
    client: aiohttp.ClientSession
    database: Database
    feed: Feed
    server: uvicorn.Server

    async def get(self, path: str = "", **query: Any) -> tuple[int, dict[str, Any]]:
        async with self.client.get(self.url + path, params=query) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        async with self.client.post(self.url + path, json=body) as answer:
            return answer.status, await answer.json(content_type=None)

    async def delete(self, path: str) -> int:
        async with self.client.delete(self.url + path) as answer:
            return answer.status

    @asynccontextmanager
    async def stream(self, *, last_event_id: str | None = None, **query: Any) -> AsyncIterator["Stream"]:
        """An open stream, its first frame read."""
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        async with self.client.get(f"{self.url}/stream", params=query, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            stream = Stream(answer)
            stream.first = await stream.frame()
            yield stream


@dataclass
class Stream:
    """A reader of server-sent events."""

    answer: aiohttp.ClientResponse
    first: dict[str, str] = field(default_factory=dict)

    async def frame(self) -> dict[str, str]:
        """The next frame; empty when the stream has ended. Comments are skipped."""
        found: dict[str, str] = {}
        async with asyncio.timeout(PATIENCE):
            while line := (await self.answer.content.readline()).decode():
                if line == "\n" and found:
                    return found
                name, _, value = line.rstrip("\n").partition(": ")
                if name:
                    found[name] = value
        return found

    async def event(self) -> dict[str, Any]:
        """The CloudEvent of the next frame."""
        frame = await self.frame()
        event: dict[str, Any] = json.loads(frame["data"])
        assert frame["event"] == event["type"]
        return event

    async def crawls(self, count: int) -> list[str]:
        return [(await self.event())["subject"] for _ in range(count)]


@asynccontextmanager
async def open_house(
    database: Database,
    *,
    feed: Feed | None = None,
    tenant: str = "default",
    private_urls: bool = True,
    lifetime_s: float = 60.0,
) -> AsyncIterator[House]:
    """Serve the routes on the loopback during the block."""
    feed = feed or Feed(database, poll_s=0.02)
    made = routes(database, feed=feed, streams=Streams(), private_urls=private_urls, lifetime_s=lifetime_s)
    app = create_app(title="events", gate=OpenGate(Caller(tenant=tenant, scope="admin")), routers=[made])
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with aiohttp.ClientSession() as client:
            yield House(f"http://127.0.0.1:{port}/api/v1/events", client, database, feed, server)
    finally:
        feed.close()
        server.should_exit = True
        await serving
