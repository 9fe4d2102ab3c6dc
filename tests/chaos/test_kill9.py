"""kill -9 at any moment: nothing accepted is lost, nothing is bought twice, everything ends once and is proven."""

import os
import sys
from collections.abc import Callable
from random import Random

import aiohttp
import pytest

from tests.chaos.black_box import Headrace, Provider
from tests.chaos.evidence import gather, violations
from tests.chaos.siege import SWIFT, Siege, orders

SEED = int(os.environ.get("CHAOS_SEED", "20261122"))


@pytest.mark.parametrize(
    ("crawls", "kills", "seconds"),
    [pytest.param(12, 4, 6.0, id="short"), pytest.param(30, 20, 60.0, id="long", marks=pytest.mark.slow)],
)
async def test_a_system_killed_at_random_moments_keeps_every_promise(
    crawls: int,
    kills: int,
    seconds: float,
    *,
    http: aiohttp.ClientSession,
    provider: Provider,
    headrace: Callable[..., Headrace],
) -> None:
    random = Random(SEED)
    ordered = orders(random, crawls, seconds=seconds)
    siege = Siege(headrace(provider=provider.url, settings=SWIFT), http, random, kills)

    await siege.lay(ordered)
    seen = await gather(http, headrace=siege.headrace, provider=provider, accepted=siege.accepted)

    siege.figures.update(f"told {told.type}" for told in seen.told)
    siege.figures.update(f"ended {crawl['pipeline_status']}" for crawl in seen.crawls)
    sys.stdout.write(f"\nseed {SEED}: {len(seen.crawls)} crawls, {len(seen.bought)} bought\n")
    siege.report()
    assert len(siege.answers) == crawls
    assert violations(seen) == []
    assert siege.figures["kills"] == kills
    doomed = {siege.accepted[order.key] for order in ordered if "failed:" in order.body["url"]}
    ends = {crawl["crawl_id"]: (crawl["error"] or {}).get("code") for crawl in seen.crawls}
    assert ends == {one: "PROVIDER_JOB_FAILED" if one in doomed else None for one in ends}
    again = {order.key: await siege.ask(order) for order in ordered}
    assert again == siege.answers, "an answer that was given stands"
