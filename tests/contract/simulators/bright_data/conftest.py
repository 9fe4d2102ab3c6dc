"""A simulator on loopback with a clock that only moves when told, and a client that asks for raw bytes."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from infra.local.simulators.bright_data import Server, serve


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Customer:
    """Calls the simulator the way our provider does: bearer, identity encoding, raw bytes."""

    http: aiohttp.ClientSession
    url: str
    clock: Clock
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": "Bearer any"})

    async def ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **how: Any) -> Answer:
        given = self.headers if headers is None else headers
        root = self.url if path.startswith("/simulator") else self.url + "/datasets/v3"
        async with self.http.request(method, root + path, headers=given, allow_redirects=False, **how) as answer:
            return Answer(answer.status, await answer.read(), answer.headers)

    async def get(self, path: str, **query: str) -> Answer:
        return await self.ask("GET", path, params=query)

    async def trigger(self, body: Any, **query: str) -> Answer:
        return await self.ask("POST", "/trigger", params={"dataset_id": "gd_posts"} | query, json=body)

    async def buy(self, sim: str = "ready_after:0", **query: str) -> str:
        row = {"url": f"https://www.facebook.com/water.mill?sim={sim}"}
        answer = await self.trigger([row], **query)
        assert answer.status == 200, answer.text
        return str(json.loads(answer.body)["snapshot_id"])

    async def lines(self, sim: str, **query: str) -> bytes:
        return (await self.get(f"/snapshot/{await self.buy('ready_after:0,' + sim)}", **query)).body

    async def script(self, **wish: Any) -> None:
        assert (await self.ask("POST", "/simulator/script", json=wish)).status == 200

    async def ledger(self) -> Any:
        return json.loads((await self.get("/simulator/ledger")).body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock, tmp_path: Path) -> AsyncIterator[Server]:
    running = await serve(clock=clock, state_file=tmp_path / "state.jsonl")
    yield running
    await running.close()


@pytest.fixture
async def customer(server: Server, clock: Clock) -> AsyncIterator[Customer]:
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=["Accept-Encoding"]) as http:
        http._retry_connection = False  # it would send a GET again by itself, and hide a reset
        yield Customer(http, server.url, clock)
