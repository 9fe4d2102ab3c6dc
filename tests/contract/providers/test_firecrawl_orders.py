"""An order to Firecrawl: what is bought, what is refused, and what nobody knows."""

from uuid import uuid4

import aiohttp
import pytest

from infra.local.simulators.firecrawl import Server
from schemas.problem import Problem, ProblemClass
from services.crawling.ports import Provider, Submission
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderOutOfCredits,
    ProviderRateLimited,
    ProviderRejected,
    SnapshotMissing,
    SubmitUnknown,
)
from services.crawling.providers.firecrawl.provider import Firecrawl
from tests.contract.providers.firecrawl_rig import SITE, firecrawl_at, pages, site
from tests.contract.providers.rig import CRAWL, SINCE, Ledger, answering, says


def test_it_is_a_provider(firecrawl: Firecrawl) -> None:
    fits: Provider = firecrawl

    assert fits.name == "firecrawl"


async def test_one_url_with_options_is_a_crawl(firecrawl: Firecrawl, bought: Ledger) -> None:
    options = {"limit": "50", "includePaths": "^/a/.* ^/b{1,3}$", "ignoreQueryParameters": "True", "formats": "html"}
    hook = f"https://us.example/hook?crawl_id={CRAWL}"
    order = site(options=options, notify_url=hook, notify_authorization="Bearer h")

    snapshot_id = await firecrawl.submit(order)

    (job,) = await bought()
    assert (job["id"], job["kind"]) == (snapshot_id, "crawl")
    assert job["body"] == {
        "url": order.inputs[0]["url"],
        "limit": 50,
        "includePaths": ["^/a/.*", "^/b{1,3}$"],
        "excludePaths": [f"headrace-{order.purchase}"],
        "ignoreQueryParameters": True,
        "scrapeOptions": {"formats": ["html"]},
        "webhook": {
            "url": hook,
            "headers": {"Authorization": "Bearer h"},
            "metadata": {"headrace_crawl_id": str(CRAWL)},
            "events": ["started", "completed", "failed"],
        },
    }


async def test_listed_pages_are_a_batch_even_if_there_is_one(firecrawl: Firecrawl, bought: Ledger) -> None:
    for urls in ([SITE], [SITE, "https://docs.example/other"]):
        snapshot_id = await firecrawl.submit(pages(*urls, options={"onlyMainContent": "false", "maxAge": "0"}))

        job = (await bought())[-1]
        assert (f"batch:{job['id']}", job["kind"]) == (snapshot_id, "batch")
        assert [url.partition("?")[0] for url in job["body"]["urls"]] == urls
        assert job["body"]["ignoreInvalidURLs"] is False
        assert (job["body"]["onlyMainContent"], job["body"]["maxAge"]) == (False, 0)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (site(options={"limit": "many"}), "limit: must be a whole number"),
        (site(options={"allowSubdomains": "perhaps"}), "allowSubdomains: must be true or false"),
        (pages(SITE, options={"limit": "5"}), "limit: only a crawl"),
        (site(inputs=[{"url": SITE, "depth": 2}]), "inputs.0: Firecrawl takes a `url` and nothing else"),
        (site(inputs=[{"url": "https:///nowhere"}]), "Invalid URL"),
    ],
)
async def test_what_firecrawl_could_not_mean_is_refused_and_not_bought(
    firecrawl: Firecrawl, bought: Ledger, order: Submission, why: str
) -> None:
    with pytest.raises(ProviderRejected, match=why):
        await firecrawl.submit(order)

    assert await bought() == []


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("drop", SubmitUnknown),
        ("commit_500", SubmitUnknown),
        ("500", SubmitUnknown),
        ("503=7", SubmitUnknown),
        ("408", SubmitUnknown),
        ("409", SubmitUnknown),
        ("html", SubmitUnknown),
        ("garbage", SubmitUnknown),
        ("empty", SubmitUnknown),
        ("401", ProviderAuth),
        ("402", ProviderOutOfCredits),
        ("403", ProviderRejected),
        ("413", ProviderRejected),
        ("429=7", ProviderRateLimited),
    ],
)
async def test_an_order_that_fails_says_whether_it_may_have_been_bought(
    firecrawl: Firecrawl, bought: Ledger, fault: str, problem: type[Problem]
) -> None:
    with pytest.raises(problem) as caught:
        await firecrawl.submit(site(f"fault:submit.{fault}"))

    jobs = len(await bought())
    assert jobs == int(fault in {"drop", "commit_500"})
    assert not jobs or caught.value.kind is ProblemClass.AMBIGUOUS
    assert fault != "429=7" or caught.value.retry_after == 7


async def test_a_purchase_is_sent_twice_and_bought_once(firecrawl: Firecrawl, bought: Ledger) -> None:
    order = pages(SITE)
    await firecrawl.submit(order)

    with pytest.raises(SubmitUnknown, match="409"):
        await firecrawl.submit(order)

    assert len(await bought()) == 1


async def test_control_another_purchase_of_the_same_pages_is_bought(firecrawl: Firecrawl, bought: Ledger) -> None:
    for _ in range(2):
        await firecrawl.submit(pages(SITE))

    assert len(await bought()) == 2


async def test_a_lost_crawl_is_found_by_its_own_mark_among_equal_ones(firecrawl: Firecrawl, bought: Ledger) -> None:
    orders = [site("ready_after:never,fault:submit.drop") for _ in range(3)]
    for order in orders:
        with pytest.raises(SubmitUnknown):
            await firecrawl.submit(order)
    lost = [job["id"] for job in await bought()]

    assert [await firecrawl.find(order, since=SINCE, taken=[]) for order in orders] == lost
    assert await firecrawl.find(orders[1], since=SINCE, taken=lost[1:2]) is None
    assert await firecrawl.find(site(correlation=uuid4()), since=SINCE, taken=[]) is None


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (500, "{}", "PROVIDER_UNAVAILABLE"),
        (200, "<html>", "PROVIDER_UNAVAILABLE"),
        (200, '{"crawls": 1}', "PROVIDER_UNAVAILABLE"),
        (401, "{}", "PROVIDER_AUTH"),
        (429, "{}", "PROVIDER_RATE_LIMITED"),
    ],
)
async def test_a_list_of_active_crawls_that_fails_is_no_empty_list(
    session: aiohttp.ClientSession, status: int, body: str, problem: str
) -> None:
    async with answering(says(status, body)) as url:
        with pytest.raises(Problem) as caught:
            await firecrawl_at(session, url).find(site(), since=SINCE, taken=[])

    assert caught.value.code == problem


async def test_cancelling_stops_and_twice_is_fine(firecrawl: Firecrawl) -> None:
    for order in (site("ready_after:never"), pages(SITE, sim="ready_after:never")):
        snapshot_id = await firecrawl.submit(order)

        await firecrawl.cancel(snapshot_id)
        await firecrawl.cancel(snapshot_id)

        progress = await firecrawl.poll(snapshot_id)
        assert (progress.status, progress.state) == ("cancelled", "failed")
    with pytest.raises(SnapshotMissing):
        await firecrawl.cancel(str(uuid4()))


async def test_the_key_goes_to_the_provider_and_into_no_refusal(
    session: aiohttp.ClientSession, firecrawl_simulator: Server
) -> None:
    async with answering(says(400, '{"error": "Bearer secret-token-4711 and hook-secret"}')) as url:
        with pytest.raises(ProviderRejected) as caught:
            await firecrawl_at(session, url).submit(site(notify_url=url, notify_authorization="Bearer hook-secret"))

    assert "secret-token-4711" not in caught.value.detail
    assert "hook-secret" not in caught.value.detail
