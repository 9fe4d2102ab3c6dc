"""Sites that are made, or have grown, to catch whoever collects them."""

import asyncio
import gzip

import pytest
from aiohttp import web

from services.crawling.providers.website import fetching
from services.crawling.providers.website.plain import Plain
from services.crawling.store.websites.pages import MOST_VARIANTS
from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web, page, says


async def test_an_endless_calendar_ends(house: WebHouse, site: Web) -> None:
    async def month(request: web.Request) -> web.StreamResponse:
        number = int(request.query.get("month", "0"))
        near = [f"/calendar?month={number + step}" for step in (1, 2, 3, 12)]
        return web.Response(text=page(str(number), *near), content_type="text/html")

    site.pages, site.fallback = {"/robots.txt": "", "/sitemap.xml": ""}, month

    crawl_id = await house.collected(f"{site.url}/calendar", depth=20, max_pages=1000)

    assert len(await house.paths(crawl_id, site.url)) == MOST_VARIANTS
    assert (await house.site_row(crawl_id))["stopped_by"] is None


async def test_names_of_visits_in_urls_make_no_new_pages(house: WebHouse, site: Web) -> None:
    visits = iter(range(1000))

    async def shop(request: web.Request) -> web.StreamResponse:
        links = [
            f"/a;jsessionid={next(visits)}",
            f"/b?PHPSESSID={next(visits)}&page=1",
            f"/b?page=1&utm_source=x{next(visits)}",
        ]
        return web.Response(text=page(request.path, *links), content_type="text/html")

    site.pages, site.fallback = {"/robots.txt": "", "/sitemap.xml": ""}, shop

    crawl_id = await house.collected(f"{site.url}/", depth=5)

    assert sorted(await house.paths(crawl_id, site.url)) == ["/", "/a", "/b?page=1"]


async def test_paths_that_go_round_in_circles_end(house: WebHouse, site: Web) -> None:
    async def deeper(request: web.Request) -> web.StreamResponse:
        return web.Response(text=page("x", f"{request.path.rstrip('/')}/more/less"), content_type="text/html")

    site.pages, site.fallback = {"/robots.txt": "", "/sitemap.xml": ""}, deeper

    assert len(await house.paths(await house.collected(f"{site.url}/", depth=20), site.url)) == 4


async def test_redirects_end_and_lead_to_one_page(house: WebHouse, site: Web) -> None:
    def to(place: str) -> object:
        return says("", status=302, Location=place)

    site.pages = {
        "/": page("start", "/round", "/old", "/older", "/new", "/away"),
        "/round": to("/round"),  # type: ignore[dict-item]  # an answer
        "/old": to("/new"),  # type: ignore[dict-item]  # see above
        "/older": to("/old"),  # type: ignore[dict-item]  # see above
        "/away": to("http://elsewhere.example/"),  # type: ignore[dict-item]  # see above
        "/new": page("new"),
    }

    crawl_id = await house.collected(f"{site.url}/")

    records = {one["url"].removeprefix(site.url): one for one in await house.records(crawl_id)}
    finals = [one["final_url"] for one in records.values() if not one["error"]]
    assert sorted(finals) == [f"{site.url}/", f"{site.url}/new"]
    assert records["/round"]["error_code"] == "EGRESS_REFUSED"
    assert "redirects" in records["/round"]["error"]


async def test_pages_that_are_too_large_too_slow_or_no_pages_are_told_as_errors(
    house: WebHouse, site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        raise web.HTTPNotFound

    usual = Plain.__call__.__kwdefaults__ or {}
    monkeypatch.setitem(usual, "seconds", 1.0)
    site.pages = {
        "/": page("start", "/large", "/slow", "/gone", "/file", "/bomb"),
        "/large": says(b"x" * (10 << 20)),
        "/bomb": says(gzip.compress(b" " * (64 << 20)), Content_Encoding="gzip"),
        "/slow": never,
        "/gone": says("gone", status=410),
        "/file": says(b"%PDF-1.7", kind="application/pdf"),
    }

    crawl_id = await house.collected(f"{site.url}/")

    assert await house.errors(crawl_id, site.url) == {
        "/large": "TOO_LARGE",
        "/bomb": "TOO_LARGE",
        "/slow": "TIMEOUT",
        "/gone": "HTTP_410",
        "/file": "NOT_A_PAGE",
    }
    assert await house.paths(crawl_id, site.url) == ["/"]
    assert fetching.MOST_BYTES < 10 << 20


async def test_a_sitemap_that_unpacks_to_very_much_names_only_so_many_pages(house: WebHouse, site: Web) -> None:
    entry = f"<url><loc>{site.url}/{{}}</loc></url>"
    many = "<urlset>" + "".join(entry.format(number) for number in range(50_000)) + " " * (40 << 20)
    loop = f"<sitemapindex><sitemap><loc>{site.url}/sitemap.xml</loc></sitemap></sitemapindex>"
    entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'
    site.pages = {
        "/": page("start"),
        "/robots.txt": says("\n".join(f"Sitemap: {site.url}/{one}.xml" for one in ("sitemap", "bomb", "entities"))),
        "/sitemap.xml": says(loop, kind="application/xml"),
        "/bomb.xml": says(gzip.compress(many.encode()), kind="application/gzip"),
        "/entities.xml": says(entities, kind="application/xml"),
    }
    site.fallback = says(page("found"))

    crawl_id = await house.collected(f"{site.url}/", max_pages=20)

    row = await house.site_row(crawl_id)
    assert (row["pages"], row["stopped_by"]) == (20, "max_pages")
    assert row["known"] <= 4 * 20 + 100
    assert site.asked["/sitemap.xml"] == 1


async def test_a_private_address_behind_a_link_is_not_asked(house: WebHouse, site: Web) -> None:
    site.pages = {"/": says("", status=302, Location="http://127.0.0.1:1/"), "/robots.txt": ""}

    status = await house.finish(await house.trigger(f"{site.url}/"))

    assert status["pipeline_status"] == "failed"
    assert "EGRESS_REFUSED" in status["error"]["message"]
