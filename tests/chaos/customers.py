"""Customers who repeat an order under its key until they are answered, whoever is killed meanwhile."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import aiohttp

PATIENCE = 150.0  # seconds for one order to be answered, over all kills
PASSING = {409, 503}  # under way, or not able to answer yet

Orders = Mapping[str, Mapping[str, Any]]
"""What each customer wants, by its Idempotency-Key."""
Answers = Mapping[str, tuple[int, Mapping[str, Any]]]


async def insist(http: aiohttp.ClientSession, url: str, orders: Orders, random: Random, *, seconds: float) -> Answers:
    """Each order's last answer; they come spread over so many seconds, every third one to be submitted later."""

    async def one(key: str, body: Mapping[str, Any], after: float, headers: Mapping[str, str]) -> tuple[int, Any]:
        await asyncio.sleep(after)
        ends = time.monotonic() + PATIENCE
        while (answer := await _ask(http, url, body, {"Idempotency-Key": key, **headers})) is None:
            assert time.monotonic() < ends, f"{key} was never answered"
            await asyncio.sleep(0.2)
        return answer

    later: Sequence[Mapping[str, str]] = [{"Prefer": "respond-async"}, {}, {}]
    wishes = [
        one(key, body, random.uniform(0, seconds), later[number % 3])
        for number, (key, body) in enumerate(orders.items())
    ]
    return dict(zip(orders, await asyncio.gather(*wishes), strict=True))


async def _ask(
    http: aiohttp.ClientSession, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, Any] | None:
    """None where nothing is known of the order's fate yet: a connection that broke tells nothing about it."""
    try:
        async with http.post(f"{url}/api/v1/crawl/trigger", json=body, headers=headers) as answer:
            told = json.loads(await answer.read())
            return None if answer.status in PASSING else (answer.status, told)
    except (aiohttp.ClientError, TimeoutError):
        return None
