"""What Firecrawl says of a job, and what it does not say."""

import aiohttp
import pytest
from aiohttp import web

from infra.local.simulators.firecrawl import Server
from schemas.problem import Problem
from services.crawling.provider_problems import ProviderUnavailable, ResultExpired, SnapshotMissing
from services.crawling.providers.firecrawl.provider import Firecrawl
from tests.contract.providers.firecrawl_rig import SITE, firecrawl_at, pages, site
from tests.contract.providers.rig import answering, says

JOB = "0b5e5ee0-0000-4000-8000-000000000000"


async def amend(session: aiohttp.ClientSession, simulator: Server, job_id: str, sim: str) -> None:
    async with session.post(f"{simulator.url}/simulator/script", json={"id": job_id, "sim": sim}) as answer:
        assert answer.status == 200


async def test_a_crawl_that_has_just_begun_knows_no_total(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("ready_after:never,kickoff:60"))

    progress = await firecrawl.poll(snapshot_id)

    assert (progress.state, progress.status, progress.records) == ("pending", "scraping", 0)
    assert progress.marker == "scraping/0/0"


async def test_headway_changes_the_marker_and_none_does_not(
    session: aiohttp.ClientSession, firecrawl_simulator: Server, firecrawl: Firecrawl
) -> None:
    snapshot_id = await firecrawl.submit(site("ready_after:never"))
    stuck = [await firecrawl.poll(snapshot_id) for _ in range(2)]
    await amend(session, firecrawl_simulator, snapshot_id, "ready_after:10000,documents:100000000,kickoff:-5000")
    moving = await firecrawl.poll(snapshot_id)

    assert stuck[0].marker == stuck[1].marker != moving.marker


async def test_a_word_nobody_knows_means_still_working(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("ready_after:never,status:warming_up"))

    progress = await firecrawl.poll(snapshot_id)

    assert (progress.state, progress.status) == ("pending", "warming_up")


async def test_failures_are_in_no_counter_and_counted_all_the_same(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("documents:7,errors:3,robots:2"))

    progress = await firecrawl.poll(snapshot_id)

    assert (progress.state, progress.records, progress.errors) == ("ready", 7, 5)


@pytest.mark.parametrize("fault", ["errors.500@1", "errors.429=3@1", "errors.html@1"])
async def test_a_job_is_not_ready_while_its_failures_cannot_be_asked(firecrawl: Firecrawl, fault: str) -> None:
    snapshot_id = await firecrawl.submit(site(f"fault:{fault}"))

    with pytest.raises(Problem) as caught:
        await firecrawl.poll(snapshot_id)

    assert caught.value.retryable
    assert (await firecrawl.poll(snapshot_id)).state == "ready"


@pytest.mark.parametrize(("sim", "word"), [("failed:It broke", "failed")])
async def test_a_failed_job_says_why(firecrawl: Firecrawl, sim: str, word: str) -> None:
    progress = await firecrawl.poll(await firecrawl.submit(site(sim)))

    assert (progress.state, progress.status, progress.message) == ("failed", word, "It broke")


async def test_a_running_crawl_tells_the_limit_that_holds(firecrawl: Firecrawl) -> None:
    order = site("ready_after:never,clamp:25", options={"limit": "80"})

    progress = await firecrawl.poll(await firecrawl.submit(order))

    assert (firecrawl.asked(order), progress.agreed) == (80, 25)


async def test_all_limits_are_learnt_from_one_list(
    session: aiohttp.ClientSession, firecrawl_simulator: Server, firecrawl: Firecrawl
) -> None:
    for snapshot_id in [await firecrawl.submit(site("ready_after:never")) for _ in range(5)]:
        for _ in range(2):
            await firecrawl.poll(snapshot_id)

    # a list asked for before the second crawl was known would not name it: here all five are there from the start
    async with session.get(f"{firecrawl_simulator.url}/simulator/ledger") as answer:
        assert (await answer.json())["calls"]["active"] == 1


async def test_a_poll_outlives_a_list_of_active_crawls_that_fails(session: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith(("/active", "/credit-usage")):
            return web.Response(status=500)
        return web.json_response({"status": "scraping", "total": 3, "completed": 1})

    async with answering(handler) as url:
        progress = await firecrawl_at(session, url).poll(JOB)

    assert (progress.state, progress.agreed) == ("pending", None)


async def test_a_page_of_a_batch_that_is_neither_document_nor_failure_is_missed(session: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/errors"):
            return web.json_response({"errors": [{"url": SITE, "error": "x"}], "robotsBlocked": []})
        return web.json_response({"status": "completed", "total": 3, "completed": 3, "warning": "two were dropped"})

    order = pages(*[f"{SITE}/{number}" for number in range(6)])
    async with answering(handler) as url:
        adapter = firecrawl_at(session, url)
        progress = await adapter.poll(f"batch:{JOB}")

    assert (adapter.asked(order), progress.agreed) == (6, 4)
    assert progress.warnings == ("the provider says: two were dropped",)


async def test_what_is_gone_and_what_never_was_are_told_apart(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("expires_after:0"))

    for ask in (firecrawl.poll, firecrawl.parts):
        with pytest.raises(ResultExpired, match="Job expired"):
            await ask(snapshot_id)
        with pytest.raises(SnapshotMissing, match="Job not found"):
            await ask(JOB)
        with pytest.raises(SnapshotMissing):
            await ask("../team/credit-usage")


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"data": []}', '{"status": 7}'])
async def test_an_answer_that_is_none_is_no_state(session: aiohttp.ClientSession, body: str) -> None:
    async with answering(says(200, body)) as url:
        with pytest.raises(ProviderUnavailable):
            await firecrawl_at(session, url).poll(JOB)
