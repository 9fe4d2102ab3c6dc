"""Pings and deliveries when a snapshot ends."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

pytestmark = pytest.mark.enable_socket


class Hook:
    def __init__(self) -> None:
        self.url = ""
        self.answers: list[int] = []
        self.got: asyncio.Queue[tuple[dict[str, str], bytes]] = asyncio.Queue()

    async def take(self, request: web.Request) -> web.Response:
        await self.got.put((dict(request.headers), await request.read()))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def next(self) -> tuple[dict[str, str], bytes]:
        return await asyncio.wait_for(self.got.get(), 5)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    one = Hook()
    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/hook", one.take)
    runner = web.AppRunner(app, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield one
    await runner.cleanup()


async def test_a_ping_is_repeated_until_it_is_taken(customer: Any, hook: Hook) -> None:
    hook.answers = [500]
    snapshot_id = await customer.buy("ready_after:0", notify=hook.url, auth_header="Bearer per-crawl")

    calls = [await hook.next() for _ in range(2)]

    assert [json.loads(body) for _, body in calls] == [{"snapshot_id": snapshot_id, "status": "ready"}] * 2
    assert {headers["Authorization"] for headers, _ in calls} == {"Bearer per-crawl"}


@pytest.mark.parametrize(
    ("sim", "told"),
    [
        ("notify:twice", ["ready", "ready"]),
        ("notify:early,failed:Internal Server Error", ["ready", "failed"]),
        ("notify:forged", ["ready"]),
    ],
)
async def test_pings_come_doubled_early_or_forged(customer: Any, hook: Hook, sim: str, told: list[str]) -> None:
    await customer.buy(f"ready_after:0,{sim}", notify=hook.url, auth_header="Bearer right")

    calls = [await hook.next() for _ in told]

    assert [json.loads(body)["status"] for _, body in calls] == told
    assert all((headers["Authorization"] == "Bearer right") is ("forged" not in sim) for headers, _ in calls)


async def test_a_cancelled_snapshot_is_told_at_once(customer: Any, hook: Hook) -> None:
    snapshot_id = await customer.buy("ready_after:never", notify=hook.url)
    await customer.ask("POST", f"/snapshot/{snapshot_id}/cancel")

    assert json.loads((await hook.next())[1])["status"] == "canceled"


@pytest.mark.parametrize(
    ("option", "unpack"), [("false", gzip.decompress), ("true", bytes)], ids=["gzip", "uncompressed"]
)
async def test_the_data_is_delivered_to_an_endpoint(
    customer: Any, hook: Hook, option: str, unpack: Callable[[bytes], bytes]
) -> None:
    snapshot_id = await customer.buy("ready_after:0", endpoint=hook.url, uncompressed_webhook=option, format="json")

    headers, body = await hook.next()

    assert len(json.loads(unpack(body))) == 25
    assert (headers["Snapshot-Id"], headers["Dca-Dataset"]) == (snapshot_id, "true")
