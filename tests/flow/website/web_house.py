"""The crawling context with the provider ``website``, on real parts; no HTTP face."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from functions import cancel_snapshot, crawl_site, store_snapshot, submit_crawl
from infra.runtime.runtime import Runtime
from services.crawling.crawl_status import crawl_status
from services.crawling.fetch_result import fetch_result
from services.crawling.order import Order
from services.crawling.poll_crawls import Poller
from services.crawling.trigger_crawl import trigger_crawl
from services.crawling.wiring import Crawling, crawling
from services.jobs.sweep import sweep

TENANT = "default"
PATIENCE = 30.0  # seconds
_FUNCTIONS = {
    "submit": submit_crawl.main.function,
    "site": crawl_site.main.function,
    "store": store_snapshot.main.function,
    "cancel": cancel_snapshot.main.function,
}
_ENDED = {"completed", "failed", "cancelled"}


@dataclass
class WebHouse:
    """One machine on which a test says what works when."""

    runtime: Runtime
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def context(self) -> Crawling:
        return self.runtime.once(crawling)

    async def trigger(self, *urls: str, options: Mapping[str, Any] | None = None) -> UUID:
        """Order the pages of a site."""
        crawl_id = uuid4()
        order = {
            "dataset_id": "pages",
            "platform": "web",
            "competitor": "c",
            "provider": "website",
            "urls": list(urls),
            "options": dict(options or {}),
        }
        await trigger_crawl(
            Order.model_validate(order),
            crawl_id=crawl_id,
            key=None,
            tenant=TENANT,
            webhook_token="hook",  # an example
            worker=None,
            database=self.runtime.database,
            policy=self.context.policy,
        )
        return crawl_id

    async def work(self, *queues: str) -> None:
        """Work these queues until nothing is ready in them."""
        for queue in queues:
            await _FUNCTIONS[queue].worker(self.runtime).drain(self.stop)

    async def poll(self) -> None:
        """Ask about every crawl that waits, due or not."""
        context = self.context
        await self.sql("UPDATE polls SET due_at = now() - interval '1 s'")
        poller = Poller(
            database=context.database,
            doorbell=self.runtime.doorbell,
            providers=context.providers,
            policy=context.policy,
        )
        await poller.run(self.stop, horizon=0.0)

    async def collected(self, *urls: str, **options: Any) -> UUID:
        """A crawl whose site was collected, stored and told of."""
        crawl_id = await self.trigger(*urls, options=options)
        await self.finish(crawl_id)
        return crawl_id

    async def finish(self, crawl_id: UUID) -> dict[str, Any]:
        """Let everything work until the crawl has ended; its status."""
        status: dict[str, Any] = {}
        for _ in range(20):
            await self.sql("UPDATE jobs SET due_at = now() WHERE state = 'scheduled'")
            await sweep(self.runtime.database)
            await self.work("submit", "site")
            await self.poll()
            await self.work("store", "cancel")
            status = await self.status(crawl_id)
            if status["pipeline_status"] in _ENDED:
                return status
        msg = f"the crawl does not end: {status}"
        raise AssertionError(msg)

    async def status(self, crawl_id: UUID) -> dict[str, Any]:
        context = self.context
        return await crawl_status(
            crawl_id, tenant=TENANT, polling_enabled=True, database=context.database, history=context.history
        )

    async def records(self, crawl_id: UUID) -> list[dict[str, Any]]:
        """What was stored."""
        context = self.context
        blocks = await fetch_result(
            crawl_id, tenant=TENANT, lake=context.lake, database=context.database, history=context.history
        )
        body = b"".join([block async for block in blocks])
        return [json.loads(line) for line in body.splitlines()]

    async def paths(self, crawl_id: UUID, url: str) -> list[str]:
        """The pages that came, without their host, in the order in which they were found."""
        return [one["url"].removeprefix(url) for one in await self.records(crawl_id) if not one["error"]]

    async def errors(self, crawl_id: UUID, url: str) -> dict[str, str]:
        """The pages that did not come, and why."""
        records = await self.records(crawl_id)
        return {one["url"].removeprefix(url): one["error_code"] for one in records if one["error"]}

    async def site_row(self, crawl_id: UUID) -> dict[str, Any]:
        """The provider's row of the crawl's newest order."""
        found = await self.rows("SELECT * FROM sites WHERE correlation = $1 ORDER BY created_at DESC", crawl_id)
        return dict(found[0])

    async def sql(self, statement: str, *values: object) -> None:
        async with self.runtime.database.transaction() as tx:
            await tx.execute(statement, *values)

    async def rows(self, statement: str, *values: object) -> list[Any]:
        async with self.runtime.database.reading() as tx:
            return await tx.fetch(statement, *values)


async def until(true: Callable[[], Awaitable[Any]]) -> None:
    """Poll a condition, with a deadline."""
    ends_at = time.monotonic() + PATIENCE
    while not await true():
        assert time.monotonic() < ends_at
        await asyncio.sleep(0.02)
