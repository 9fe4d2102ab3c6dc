"""Webhooks: started, then completed or failed, when a job's time comes."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp
from aiohttp import web

from infra.local.simulators.firecrawl.bought import Bought
from infra.local.simulators.firecrawl.simulator import Simulator, new_delivery

_PATIENCE = aiohttp.ClientTimeout(total=10)
_NAMES = {"crawl": "crawl", "batch": "batch_scrape"}


class Notifier:
    """Waits for jobs to end and tells whoever asked. ``pauses`` are the seconds before each retry."""

    def __init__(self, simulator: Simulator, pauses: Sequence[float] = (1.0, 2.0, 4.0)) -> None:
        self._simulator = simulator
        self._pauses = pauses
        self._waiting: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Take up what a former run left, and stop everything at the end."""
        for job in self._simulator.ledger.jobs.values():
            self.expect(job)
        yield
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    def expect(self, job: Bought) -> None:
        """Watch a job that has somebody to tell and that ends."""
        wanted = isinstance(job.body.get("webhook"), dict) and not job.notified and job.script.notify != "off"
        if wanted and math.isfinite(job.script.ready_after):
            task = asyncio.create_task(self._watch(job, job.body["webhook"]))
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)

    async def _watch(self, job: Bought, hook: Mapping[str, Any]) -> None:
        manner = job.script.notify
        async with aiohttp.ClientSession(timeout=_PATIENCE) as http:
            if manner != "late_start":
                await self._tell(http, job, hook, "started")
            while job.pending(now := self._simulator.clock()):  # noqa: ASYNC110  # the given clock rings no bell
                await asyncio.sleep(max(0.01, job.created + job.script.ready_after - now))
            end = "completed" if job.status(self._simulator.clock()) == "completed" else "failed"
            await self._tell(http, job, hook, end, times=2 if manner == "twice" else 1)
            if manner == "late_start":
                await self._tell(http, job, hook, "started")
        self._simulator.ledger.notified(job)

    async def _tell(
        self, http: aiohttp.ClientSession, job: Bought, hook: Mapping[str, Any], what: str, *, times: int = 1
    ) -> None:
        if what not in (hook.get("events") or [what]):
            return
        told: dict[str, Any] = {
            "success": what != "failed",
            "type": f"{_NAMES[job.kind]}.{what}",
            "id": job.id,
            "webhookId": new_delivery(),
            "data": [],
            "metadata": hook.get("metadata") or {},
        }
        body = json.dumps(told).encode()
        headers = {"Content-Type": "application/json", **(hook.get("headers") or {}), **self._signature(job, body)}
        for _ in range(times):
            await self._post(http, str(hook["url"]), headers, body)

    def _signature(self, job: Bought, body: bytes) -> dict[str, str]:
        if self._simulator.secret is None or job.script.notify == "unsigned":
            return {}
        key = b"forged" if job.script.notify == "forged" else self._simulator.secret.encode()
        return {"X-Firecrawl-Signature": f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest()}"}

    async def _post(self, http: aiohttp.ClientSession, url: str, headers: Mapping[str, str], body: bytes) -> None:
        for pause in (*self._pauses, None):
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with http.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                    if answer.ok:
                        return
            if pause is not None:
                await asyncio.sleep(pause)


NOTIFIER = web.AppKey("notifier", Notifier)
