"""The crawling context with Firecrawl as the provider, and what sends webhooks to it."""

import asyncio
import hashlib
import hmac
import json
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from infra.local.simulators.firecrawl.calls import SIMULATOR
from tests.flow.crawling.rig import House

SECRET = "whsec-of-the-account"  # a canary


@dataclass
class Fire(House):
    """See ``House``; orders go to Firecrawl unless they say otherwise."""

    port: int = 0

    async def trigger(self, sim: str = "", *, order: Any = None, worker: str | None = None) -> UUID:
        url = f"https://docs.example/{uuid4().hex}?sim=kickoff:0,{sim or 'ready_after:0'}"
        given = {"provider": "firecrawl", "platform": "web", "dataset_id": "docs", **(order or {})}
        if "urls" in given:
            given["urls"] = [f"{one}?sim=kickoff:0,{sim or 'ready_after:0'}" for one in given["urls"]]
        return await super().trigger(order={"url": None if "urls" in given else url, **given}, worker=worker)

    @cached_property
    def simulator(self) -> Any:
        return self.app[SIMULATOR]

    async def bought(self) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self.simulator.account()["jobs"]
        return jobs

    def amend(self, snapshot_id: str, sim: str) -> None:
        self.simulator.ledger.amend(snapshot_id.removeprefix("batch:"), sim)

    async def tell(self, told: Any, *, signature: str | None = None, **headers: str) -> int:
        """The answer to a webhook; signed as the account does, unless something else stands there."""
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        headers["X-Firecrawl-Signature"] = signed(body) if signature is None else signature
        sent = {name.replace("_", "-"): value for name, value in headers.items() if value}
        url = f"http://127.0.0.1:{self.port}/api/v1/webhooks/firecrawl"
        async with aiohttp.ClientSession() as http, http.post(url, data=body, headers=sent) as answer:
            return answer.status

    async def is_due(self, crawl_id: UUID) -> bool:
        """Whether somebody said that the provider is to be asked now."""
        rows = await self.rows("SELECT due_at <= clock_timestamp() AS due FROM polls WHERE crawl_id = $1", crawl_id)
        return bool(rows and rows[0]["due"])

    async def comes_due(self, crawl_id: UUID, *, within: float = 10.0) -> bool:
        """Whether somebody says so in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not await self.is_due(crawl_id):  # noqa: ASYNC110  # the row says when
                    await asyncio.sleep(0.02)
        return await self.is_due(crawl_id)


def signed(body: bytes, secret: str = SECRET) -> str:
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def ended(job_id: str, *, what: str = "crawl.completed", delivery: str | None = None, **more: Any) -> dict[str, Any]:
    """A webhook as Firecrawl sends it."""
    told = {"success": True, "type": what, "id": job_id, "webhookId": delivery or str(uuid4()), "data": []}
    return {**told, "metadata": {}, **more}
