"""What stands around a deployment: the clock, another team's endpoint, and whoever looks into Google's products."""

import asyncio
import base64
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

TICK_SECONDS = 1.0  # a minute in the cloud


@dataclass
class Google:
    """The emulators as Google's consoles would show them."""

    http: aiohttp.ClientSession
    pubsub: str
    bigquery: str
    project: str
    dataset: str

    @asynccontextmanager
    async def ticking(self) -> AsyncIterator[None]:
        """What Cloud Scheduler does."""
        task = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            message = {"data": base64.b64encode(b"{}").decode()}
            await self._pubsub("POST", "topics/tick:publish", messages=[message])
            await asyncio.sleep(TICK_SECONDS)

    async def subscribe(self, topic: str, url: str) -> None:
        """What another team does in its own project."""
        pushed = {"pushEndpoint": url, "noWrapper": {"writeMetadata": True}}
        full = f"projects/{self.project}/topics/{topic}"
        await self._pubsub(
            "PUT", f"subscriptions/team.{uuid4().hex}", topic=full, pushConfig=pushed, ackDeadlineSeconds=10
        )

    async def _pubsub(self, method: str, path: str, **body: Any) -> None:
        url = f"http://{self.pubsub}/v1/projects/{self.project}/{path}"
        async with self.http.request(method, url, json=body) as answer:
            assert answer.status == 200, await answer.text()

    async def rows(self, crawl_ids: list[str]) -> dict[str, int]:
        """Rows by crawl, as BigQuery counts them."""
        among = ", ".join(f"'{crawl_id}'" for crawl_id in crawl_ids)
        sql = f"SELECT crawl_id, COUNT(*) FROM `{self.dataset}.records` WHERE crawl_id IN ({among}) GROUP BY crawl_id"
        url = f"{self.bigquery}/bigquery/v2/projects/local/queries"
        async with self.http.post(url, json={"query": sql, "useLegacySql": False}) as answer:
            body = await answer.json()
        if answer.status != 200:
            return {}  # before the first load there is no table
        return {row["f"][0]["v"]: int(row["f"][1]["v"]) for row in body.get("rows", [])}


@dataclass
class Team:
    """Another team's endpoint."""

    url: str
    told: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    async def take(self, request: web.Request) -> web.Response:
        told = {name: value for name, value in request.headers.items() if name.startswith("ce-")}
        self.told[request.match_info["way"]].append({**told, "data": await request.json()})
        return web.Response(status=204)

    def ids(self, way: str, crawl_id: str) -> set[str]:
        """Ids of the events about a crawl; the same fact may come more than once."""
        return {one["ce-id"] for one in self.told[way] if one["data"].get("crawl_id") == crawl_id}


@asynccontextmanager
async def team() -> AsyncIterator[Team]:
    app = web.Application()
    runner = web.AppRunner(app)
    made = Team("")
    app.router.add_post("/{way}", made.take)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def until(true: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Wait for something that a coroutine function finds true."""
    ends = time.monotonic() + seconds
    while not (found := await true()):
        assert time.monotonic() < ends, f"{what} did not come about"
        await asyncio.sleep(0.1)
    return found
