"""Firecrawl's simulator as a black box, and orders to it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from tests.chaos.black_box import Provider

NEVER = 600  # seconds; a job is ready when the test says so


class Firecrawl(Provider):
    """Its ledger speaks as Bright Data's does. ``orders`` are the crawls by the address each of them is about."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, simulator="firecrawl")
        self.orders: dict[str, str] = {}

    async def jobs(self, http: aiohttp.ClientSession) -> list[dict[str, Any]]:
        """Every purchase."""
        async with http.get(f"{self.url}/simulator/ledger") as answer:
            return list((await answer.json())["jobs"])

    async def ledger(self, http: aiohttp.ClientSession) -> dict[str, Any]:
        return {"snapshots": [self._told(job) for job in await self.jobs(http)]}

    async def finish(self, http: aiohttp.ClientSession) -> None:
        """From now on every job that was bought is ready."""
        for job in await self.jobs(http):
            order = {"id": job["id"], "sim": "ready_after:0"}
            async with http.post(f"{self.url}/simulator/script", json=order) as answer:
                assert answer.status == 200, await answer.text()

    def _told(self, job: Mapping[str, Any]) -> dict[str, Any]:
        url = job["body"]["url"]
        return {"correlation": self.orders.get(url, url), "records": job["documents"], "errors": 0, "url": url}


def about(number: int, documents: int) -> dict[str, Any]:
    """An order of a site that is like no other."""
    url = f"https://docs.example/{number}?sim=kickoff:0,ready_after:{NEVER},documents:{documents}"
    return {"provider": "firecrawl", "platform": "web", "dataset_id": "docs", "competitor": "mill", "url": url}


async def documents(http: aiohttp.ClientSession, place: str) -> list[str]:
    """The addresses of the documents of a result, in order, and its digest at last."""
    async with http.get(place) as answer:
        assert answer.status == 200, await answer.text()
        body = await answer.read()
    return [*addresses(body.splitlines()), hashlib.sha256(body).hexdigest()]


def addresses(lines: Iterable[bytes]) -> list[str]:
    return [json.loads(line)["metadata"]["url"] for line in lines]
