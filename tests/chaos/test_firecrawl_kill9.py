"""kill -9 of whoever submits to Firecrawl and stores what it collected: bought once, and stored whole."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import aiohttp
import pytest

from tests.chaos.black_box import Headrace
from tests.chaos.crew import SWIFT, Crew
from tests.chaos.customers import insist
from tests.chaos.evidence import gather, violations
from tests.chaos.firecrawl_box import Firecrawl, about, documents
from tests.chaos.program import until

SEED = int(os.environ.get("CHAOS_SEED", "20261122"))
NOWHERE = "http://127.0.0.1:9"
PACE = {
    "HEADRACE_FIRECRAWL_REQUESTS_PER_SECOND": 20,
    "HEADRACE_FIRECRAWL_DOCUMENTS_PER_PART": 100,
}


@pytest.mark.parametrize(
    ("crawls", "strikes", "seconds"),
    [pytest.param(9, 3, 4.0, id="short"), pytest.param(40, 20, 30.0, id="long", marks=pytest.mark.slow)],
)
async def test_a_crawl_is_bought_once_and_stored_whole_whoever_is_killed(
    crawls: int,
    strikes: int,
    seconds: float,
    *,
    http: aiohttp.ClientSession,
    firecrawl: Firecrawl,
    headrace: Callable[..., Headrace],
) -> None:
    random = Random(SEED)
    settings = {**SWIFT, **PACE, "FIRECRAWL_API_URL": firecrawl.url}
    crew = Crew(headrace(provider=NOWHERE, settings=settings), random, hands=2, settings=settings)
    wanted = {f"docs-{number}": about(number, random.randint(1, 900)) for number in range(crawls)}
    try:
        await crew.start(http)
        answers, _ = await asyncio.gather(
            insist(http, crew.system.url, wanted, random, seconds=seconds),
            crew.endure(strikes, seconds=seconds * 2 / strikes),
        )
        accepted = {key: body["crawl_id"] for key, (_, body) in answers.items()}
        firecrawl.orders = {wanted[key]["url"]: one for key, one in accepted.items()}
        await crew.recovered(http)
        await until("all are bought", lambda: _all_bought(http, crew.system), seconds=90, every=0.2)
        bought = Counter(job["body"]["url"] for job in await firecrawl.jobs(http))
        await firecrawl.finish(http)
        await crew.endure(strikes, seconds=1.5)
        await crew.recovered(http)
        seen = await gather(http, headrace=crew.system, provider=firecrawl, accepted=accepted)
        read = {one: await documents(http, _result(crew.system, one)) for one in accepted.values()}
    finally:
        crew.kill()

    sys.stdout.write(f"\nseed {SEED}: {len(seen.crawls)} crawls, killed {dict(crew.struck)}\n")
    told = [{**one, "sha256": read[one["correlation"]][-1]} for one in seen.bought]
    assert violations(replace(seen, bought=told)) == []
    assert set(bought.values()) == {1}
    assert {crawl["pipeline_status"] for crawl in seen.crawls} == {"completed"}
    for one in told:
        place = one["url"].partition("?")[0]
        assert read[one["correlation"]][:-1] == [f"{place}/{number}" for number in range(one["records"])]


async def _all_bought(http: aiohttp.ClientSession, system: Headrace) -> bool:
    found: list[dict[str, Any]] = await system.crawls(http)
    assert all(crawl["pipeline_status"] not in {"failed", "cancelled"} for crawl in found), found
    return all(crawl["snapshot_id"] for crawl in found)


def _result(system: Headrace, crawl_id: str) -> str:
    return f"{system.url}/api/v1/crawl/{crawl_id}/result"
