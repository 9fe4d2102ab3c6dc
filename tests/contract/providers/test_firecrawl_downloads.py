"""Documents of a Firecrawl job: all of them, each once, and from Firecrawl only."""

import json

import aiohttp
import pytest
from aiohttp import web

from schemas.problem import Problem
from services.crawling.ports import Submission
from services.crawling.provider_problems import NotReady, ProviderUnavailable, ResultExpired
from services.crawling.providers.firecrawl.provider import Firecrawl
from services.crawling.result.gunzip import ResultTruncated
from services.crawling.result.ndjson import ResultNotData
from tests.contract.providers.firecrawl_rig import SITE, firecrawl_at, pages, site
from tests.contract.providers.rig import answering

JOB = "0b5e5ee0-0000-4000-8000-000000000000"


async def lines(firecrawl: Firecrawl, snapshot_id: str, part: int = 1) -> list[dict[str, object]]:
    """The records of one part; its blocks are no larger than they may be."""
    blocks = [block async for block in firecrawl.download(snapshot_id, part)]
    assert all(0 < len(block) <= 1 << 20 for block in blocks)
    return [json.loads(line) for line in b"".join(blocks).splitlines()]


async def whole(firecrawl: Firecrawl, order: Submission) -> tuple[int, list[dict[str, object]]]:
    """How many parts a finished order has, and all its records."""
    snapshot_id = await firecrawl.submit(order)
    parts = await firecrawl.parts(snapshot_id)
    return parts, [line for number in range(1, parts + 1) for line in await lines(firecrawl, snapshot_id, number)]


def titles(found: list[dict[str, object]]) -> list[str]:
    return [str(one["markdown"]).split("\n", 1)[0] for one in found if "markdown" in one]


@pytest.mark.parametrize(("documents", "parts"), [(0, 1), (1, 1), (99, 1), (100, 1), (250, 1), (251, 2), (777, 4)])
async def test_parts_hold_every_document_once_and_in_order(firecrawl: Firecrawl, documents: int, parts: int) -> None:
    told, found = await whole(firecrawl, site(f"documents:{documents},errors:1,robots:1"))

    assert told == parts
    assert titles(found) == [f"# Page {number}" for number in range(documents)]
    assert [one["input"] for one in found[documents:]] == [
        {"url": "https://docs.example/start/broken/0"},
        {"url": "https://docs.example/start/forbidden/0"},
    ]


async def test_pages_that_end_early_by_their_size_lose_nothing(firecrawl: Firecrawl) -> None:
    _, found = await whole(firecrawl, site("documents:23,document_bytes:1500000"))

    assert titles(found) == [f"# Page {number}" for number in range(23)]


async def test_a_batch_has_its_documents_too(firecrawl: Firecrawl) -> None:
    _, found = await whole(firecrawl, pages(*[f"{SITE}/{number}" for number in range(120)]))

    assert len(found) == 120


async def test_a_running_job_is_not_downloaded_however_many_documents_it_has(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("ready_after:1000,kickoff:-1000,documents:40"))

    with pytest.raises(NotReady) as caught:
        await lines(firecrawl, snapshot_id)
    with pytest.raises(NotReady):
        await firecrawl.parts(snapshot_id)
    assert caught.value.retry_after is not None


async def test_a_cancelled_job_keeps_what_it_had(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("ready_after:1000,kickoff:-1000,documents:40"))
    await firecrawl.cancel(snapshot_id)

    assert len(await lines(firecrawl, snapshot_id)) == 20


async def test_an_expired_result_says_so(firecrawl: Firecrawl) -> None:
    snapshot_id = await firecrawl.submit(site("expires_after:0"))

    with pytest.raises(ResultExpired):
        await lines(firecrawl, snapshot_id)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("html", ResultNotData),
        ("empty", ResultNotData),
        ("garbage", ResultTruncated),
        ("500", ProviderUnavailable),
    ],
)
async def test_a_broken_page_is_no_short_result(firecrawl: Firecrawl, fault: str, problem: type[Problem]) -> None:
    snapshot_id = await firecrawl.submit(site(f"documents:5,fault:status.{fault}@1"))

    with pytest.raises(problem):
        await lines(firecrawl, snapshot_id)
    assert len(await lines(firecrawl, snapshot_id)) == 5


async def test_next_leads_nobody_away_from_the_provider(session: aiohttp.ClientSession) -> None:
    asked: list[str] = []

    async def elsewhere(request: web.Request) -> web.StreamResponse:
        asked.append(request.path_qs)
        return web.json_response({"status": "completed", "completed": 3, "data": [{"markdown": "foreign"}]})

    async def provider(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/errors"):
            return web.json_response({"errors": [], "robotsBlocked": []})
        data = [{"markdown": "ours"}] if int(request.query["skip"]) < 3 else []
        told = {"status": "completed", "completed": 3, "data": data, "next": f"{foreign}/v2/crawl/{JOB}?skip=1"}
        return web.json_response(told)

    async with answering(elsewhere) as foreign, answering(provider) as url:
        found = await lines(firecrawl_at(session, url), JOB)

    assert (found, asked) == ([{"markdown": "ours"}] * 3, [])


async def test_documents_that_nobody_counted_are_not_left_behind(session: aiohttp.ClientSession) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        skip = int(request.query.get("skip", 0))
        if request.path.endswith("/errors"):
            return web.json_response({"errors": []})
        told = {"status": "completed", "completed": 2, "data": [{"n": skip}]} | ({"next": "x"} if skip < 4 else {})
        return web.json_response(told)

    async with answering(handler) as url:
        found = await lines(firecrawl_at(session, url, documents=2), JOB)

    assert [one["n"] for one in found] == [0, 1, 2, 3, 4]


async def test_a_document_is_one_line_however_it_was_written(session: aiohttp.ClientSession) -> None:
    page = '{"status": "completed",\n "completed": 1, "data": [\n  {"a":\n 1, "b": "x\\ny\u2028z", "c": 1.50}\n]}'

    async def handler(request: web.Request) -> web.StreamResponse:
        return web.Response(text='{"errors": []}' if request.path.endswith("/errors") else page)

    async with answering(handler) as url:
        blocks = [block async for block in firecrawl_at(session, url).download(JOB, 1)]

    assert b"".join(blocks).decode() == '{"a":  1, "b": "x\\ny\u2028z", "c": 1.50}\n'


async def test_a_part_that_never_ends_is_given_up(session: aiohttp.ClientSession) -> None:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.json_response({"status": "completed", "completed": 1, "data": [{"n": 1}], "next": "x"})

    async with answering(handler) as url:
        with pytest.raises(ProviderUnavailable, match="longer than"):
            await lines(firecrawl_at(session, url, seconds=0.2), JOB)
