"""A siege: orders come in while the whole system is killed again and again, at moments a seed decides."""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import Any

import aiohttp

from tests.chaos.black_box import Headrace, page

PATIENCE = 240.0  # seconds for one order to be accepted, over all kills
SWIFT = {
    "BACKGROUND_POLL_INTERVAL": 0.3,
    "HEADRACE_LEASE_SECONDS": 3,
    "HEADRACE_SUBMIT_SETTLE_SECONDS": 2,
    "HEADRACE_RETRY_BASE_SECONDS": 0.2,
    "HEADRACE_BRIGHT_DATA_BATCH_SIZE": 1000,
}
"""Settings that make a minute of a quarter of an hour."""

KINDS = (
    "records:{small}",
    "records:{large}",
    "records:{small},fault:gzip_cut@1",
    "records:{small},fault:trigger.drop@1",
    "records:{large},fault:close_cut@2",
    "records:{small},fault:not_ready=1@2",
    "records:{small},fault:trigger.commit_500@1,hidden_for:1",
    "records:{large},errors:2,fault:gzip_crc@1",
    "records:0",
    "records:{small},fault:trigger.hang=0.5@1",
    "records:{large},fault:reset_body@1,fault:progress.503@1",
    "failed:no%20such%20page",
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What one customer wants: ``body`` under ``key``, ``after`` seconds."""

    key: str
    body: dict[str, Any]
    after: float
    later: bool  # with Prefer: respond-async


@dataclass
class Siege:
    """``answers`` are the bytes of each first 202; ``figures`` count what happened."""

    headrace: Headrace
    http: aiohttp.ClientSession
    random: Random
    kills: int
    answers: dict[str, bytes] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)

    @property
    def accepted(self) -> dict[str, str]:
        return {key: json.loads(answer)["crawl_id"] for key, answer in self.answers.items()}

    async def lay(self, orders: list[Order]) -> None:
        """Kill the system ``kills`` times while customers order; at the end it runs and has accepted all."""
        await self.headrace.start(self.http)
        customers = [asyncio.create_task(self._insist(order)) for order in orders]
        for _ in range(self.kills):
            await self._strike()
        await self.headrace.ready(self.http)
        await asyncio.gather(*customers)

    async def _strike(self) -> None:
        if self.random.random() < 0.75:
            await self.headrace.ready(self.http)
            moment = self.random.uniform(0.0, 2.5)
        else:
            moment = self.random.uniform(0.1, 2.0)  # while it starts
        await asyncio.sleep(moment)
        await self._note_what_is_hit()
        self.headrace.kill()
        if self.random.random() < 0.4:
            self.headrace.kill_postgres()
            self.figures["kills with PostgreSQL"] += 1
        self.figures["kills"] += 1
        self.headrace.launch()

    async def _note_what_is_hit(self) -> None:
        try:
            async with asyncio.timeout(0.5):
                for crawl in await self.headrace.crawls(self.http, status="active"):
                    self.figures[f"hit while {crawl['pipeline_status']}"] += 1
        except (aiohttp.ClientError, TimeoutError, AssertionError):
            self.figures["kills while it started"] += 1

    async def _insist(self, order: Order) -> None:
        """Repeat an order until it is accepted: a connection that broke tells nothing about its fate."""
        await asyncio.sleep(order.after)
        ends = time.monotonic() + PATIENCE
        while order.key not in self.answers:
            assert time.monotonic() < ends, f"{order.key} was never accepted"
            try:
                answer = await self.ask(order)
            except (aiohttp.ClientError, TimeoutError):
                self.figures["triggers without an answer"] += 1
            else:
                if answer is not None:
                    self.answers[order.key] = answer
                    return
            await asyncio.sleep(0.2)

    async def ask(self, order: Order) -> bytes | None:
        """The body of the 202; None if the system says that it is not able to answer yet."""
        headers = {"Idempotency-Key": order.key} | ({"Prefer": "respond-async"} if order.later else {})
        async with self.http.post(
            f"{self.headrace.url}/api/v1/crawl/trigger", json=order.body, headers=headers
        ) as answer:
            body = await answer.read()
            assert answer.status in {202, 409, 503}, body
            return body if answer.status == 202 else None

    def report(self) -> None:
        sys.stdout.write("".join(f"  {name}: {times}\n" for name, times in sorted(self.figures.items())))


def orders(random: Random, count: int, *, seconds: float) -> list[Order]:
    """Orders of every kind, spread over a time."""
    return [_order(random, number, after=random.uniform(0.0, seconds)) for number in range(count)]


def _order(random: Random, number: int, *, after: float) -> Order:
    kind = KINDS[number % len(KINDS)].format(small=random.randint(1, 400), large=random.randint(2500, 12_000))
    sim = f"{kind},ready_after:{random.choice([0, 0.5, random.uniform(1, 12)]):.2f}"
    return Order(
        key=f"siege-{number}",
        body={
            "dataset_id": f"gd_{number % 3}",
            "platform": "facebook",
            "competitor": "mill",
            "url": page(f"mill.{number}", sim),
            "warehouse": "required" if number % 5 == 0 else "async",
        },
        after=after,
        later=number % 4 == 1,
    )
