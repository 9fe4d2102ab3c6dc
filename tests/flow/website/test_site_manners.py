"""Hosts are asked politely, whoever asks and however many do."""

import asyncio
import time
from itertools import pairwise

import pytest
from aiohttp import web

from services.crawling.crawl_site import crawl_site, outside
from services.crawling.providers.website import robots
from services.crawling.providers.website.collecting import Manners
from services.jobs.progress import reporter
from services.jobs.store import held
from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web, page, says

SLACK = 0.02  # seconds between the database's clock and the site's


async def test_a_host_gets_its_pause_between_two_requests(house: WebHouse, site: Web) -> None:
    times: list[float] = []

    async def noted(request: web.Request) -> web.StreamResponse:
        times.append(time.monotonic())
        links = ["/a", "/b", "/c"] if request.path == "/" else []
        return web.Response(text=page(request.path, *links), content_type="text/html")

    site.pages = {"/robots.txt": says("User-agent: *\nCrawl-delay: 0.3", kind="text/plain"), "/sitemap.xml": says("")}
    site.fallback = noted

    await house.collected(f"{site.url}/")

    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert len(pauses) == 3
    assert min(pauses) >= 0.3 - SLACK


async def test_two_workers_of_two_sites_share_what_a_host_bears(house: WebHouse, site: Web) -> None:
    under_way, most = 0, 0

    async def counted(request: web.Request) -> web.StreamResponse:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        under_way -= 1
        links = [f"{request.path}{number}" for number in range(6)] if len(request.path) < 3 else []
        return web.Response(text=page(request.path, *links), content_type="text/html")

    site.pages = {"/robots.txt": says("", kind="text/plain"), "/sitemap.xml": says("")}
    site.fallback = counted
    for path in ("/a", "/b"):
        await house.trigger(f"{site.url}{path}", options={"depth": 1})
    await house.work("submit")

    await asyncio.gather(*[collect(house, a_host=3) for _ in range(2)])

    assert (await house.rows("SELECT sum(pages) AS n FROM sites"))[0]["n"] == 14
    assert most == 3


async def collect(house: WebHouse, *, a_host: int) -> None:
    """Work one site, as one process would."""
    async with house.runtime.database.transaction() as tx:
        (job,) = await held.claim(tx, "site", limit=1, lease_seconds=60, worker="test")
    await crawl_site(
        job,
        database=house.runtime.database,
        lake=house.context.lake,
        outside=outside(house.runtime.settings),
        manners=Manners(delay=0.0, a_host=a_host),
        reporter=house.runtime.once(reporter),
    )


async def test_a_host_that_wants_to_be_left_alone_is_asked_again_later(house: WebHouse, site: Web) -> None:
    asked: list[float] = []

    async def busy(_: web.Request) -> web.StreamResponse:
        asked.append(time.monotonic())
        if len(asked) == 1:
            return web.Response(status=503, headers={"Retry-After": "1"})
        return web.Response(text=page("there"), content_type="text/html")

    site.pages = {"/": busy}

    crawl_id = await house.collected(f"{site.url}/")

    assert await house.paths(crawl_id, site.url) == ["/"]
    assert asked[1] - asked[0] >= 1.0 - SLACK


async def test_a_page_that_stays_busy_is_given_up(house: WebHouse, site: Web) -> None:
    site.pages = {"/": page("start", "/busy"), "/busy": says("", status=429, Retry_After="1")}

    crawl_id = await house.collected(f"{site.url}/")

    assert await house.errors(crawl_id, site.url) == {"/busy": "HTTP_429"}
    assert site.asked["/busy"] == 3


@pytest.mark.parametrize("status", [429, 503])
async def test_robots_that_cannot_be_read_forbid_all(
    house: WebHouse, site: Web, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(robots, "AGAIN_SECONDS", 0.01)
    site.pages = {"/": page("start"), "/robots.txt": says("", status=status)}

    told = await house.finish(await house.trigger(f"{site.url}/", f"{site.url}/other"))

    assert "ROBOTS_UNAVAILABLE" in told["error"]["message"]
    assert (site.asked["/"], site.asked["/robots.txt"]) == (0, 3)


async def test_a_host_without_an_answer_is_not_said_to_forbid_anything(
    house: WebHouse, site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "AGAIN_SECONDS", 0.01)

    async def gone(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    site.pages = {"/": page("start"), "/robots.txt": gone}

    told = await house.finish(await house.trigger(f"{site.url}/"))

    assert "ROBOTS_UNAVAILABLE" in told["error"]["message"]


async def test_robots_that_could_not_be_read_once_are_asked_for_again(
    house: WebHouse, site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(robots, "AGAIN_SECONDS", 0.01)
    answers = iter([503])

    async def rules(_: web.Request) -> web.StreamResponse:
        return web.Response(status=next(answers, 404))

    site.pages = {"/": page("start"), "/robots.txt": rules}

    assert await house.paths(await house.collected(f"{site.url}/"), site.url) == ["/"]
