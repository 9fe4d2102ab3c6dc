"""A budget holds while many order at once and everybody is killed: never more is bought, and its counts are right."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import aiohttp
import pytest

from tests.chaos.black_box import Headrace
from tests.chaos.crew import SWIFT, Crew
from tests.chaos.customers import insist
from tests.chaos.evidence import looking_into
from tests.chaos.firecrawl_box import Firecrawl, about
from tests.chaos.program import until

SEED = int(os.environ.get("CHAOS_SEED", "20261122"))
NOWHERE = "http://127.0.0.1:9"
DOCUMENTS = 5
_KEPT = "SELECT count(*) AS crawls, coalesce(sum(records), 0) AS records FROM purchases WHERE crawls > 0"


@pytest.mark.parametrize(
    ("most", "orders", "strikes", "seconds"),
    [pytest.param(5, 20, 3, 4.0, id="short"), pytest.param(20, 80, 15, 30.0, id="long", marks=pytest.mark.slow)],
)
async def test_no_more_is_bought_than_a_budget_allows_whoever_is_killed(
    most: int,
    orders: int,
    strikes: int,
    seconds: float,
    *,
    http: aiohttp.ClientSession,
    firecrawl: Firecrawl,
    headrace: Callable[..., Headrace],
) -> None:
    random = Random(SEED)
    settings = {**SWIFT, "HEADRACE_FIRECRAWL_REQUESTS_PER_SECOND": 20, "FIRECRAWL_API_URL": firecrawl.url}
    crew = Crew(headrace(provider=NOWHERE, settings=settings), random, hands=1, settings=settings)
    system = crew.system
    try:
        await crew.start(http)
        await _allow(http, system, most)
        wanted = {f"docs-{number}": about(number, DOCUMENTS) for number in range(orders)}
        answers, _ = await asyncio.gather(
            insist(http, system.url, wanted, random, seconds=seconds),
            crew.endure(strikes, seconds=seconds * 2 / strikes),
        )
        await crew.recovered(http)
        bought = {wanted[key]["url"] for key, (status, _) in answers.items() if status == 202}
        await until("all are bought", lambda: _are_bought(http, firecrawl, bought), seconds=90, every=0.2)
        await firecrawl.finish(http)
        await until("all are stored", lambda: _are_stored(http, system), seconds=90, every=0.2)
        used = await _used(http, system)
        ledger = Counter(job["body"]["url"] for job in await firecrawl.jobs(http))
        async with looking_into(system) as database, database.reading() as tx:
            kept = dict(await tx.fetchrow(_KEPT))
        await _allow(http, system, most + 1)
        control = await insist(http, system.url, {"one-more": about(orders, DOCUMENTS)}, random, seconds=0)
    finally:
        crew.kill()

    sys.stdout.write(f"\nseed {SEED}: {len(ledger)} of {orders} bought, killed {dict(crew.struck)}\n")
    assert Counter(status for status, _ in answers.values()) == {202: most, 402: orders - most}
    assert {body["code"] for status, body in answers.values() if status == 402} == {"BUDGET_EXCEEDED"}
    assert ledger == dict.fromkeys(bought, 1)
    assert (kept["crawls"], kept["records"]) == (most, most * DOCUMENTS)
    assert (used["crawls_per_day"], used["records_per_day"]) == (most, most * DOCUMENTS)
    assert control["one-more"][0] == 202, "what refused the others was the budget"


async def _are_bought(http: aiohttp.ClientSession, firecrawl: Firecrawl, urls: set[str]) -> bool:
    return urls == {job["body"]["url"] for job in await firecrawl.jobs(http)}


async def _are_stored(http: aiohttp.ClientSession, system: Headrace) -> bool:
    found = await system.crawls(http)
    assert all(crawl["pipeline_status"] not in {"failed", "cancelled"} for crawl in found), found
    return all(crawl["pipeline_status"] == "completed" for crawl in found)


async def _used(http: aiohttp.ClientSession, system: Headrace) -> dict[str, Any]:
    async with http.get(f"{system.url}/api/v1/budgets") as answer:
        assert answer.status == 200, await answer.text()
        (budget,) = (await answer.json())["items"]
        return dict(budget["used"])


async def _allow(http: aiohttp.ClientSession, system: Headrace, crawls: int) -> None:
    async with http.put(f"{system.url}/api/v1/budgets", json={"crawls_per_day": crawls}) as answer:
        assert answer.status == 200, await answer.text()
