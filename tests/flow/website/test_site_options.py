"""What an order may wish of a site."""

import pytest

from tests.flow.website.web_house import WebHouse
from tests.flow.website.web_site import Web, page, says


async def test_depth_zero_is_the_page_itself(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=1)

    assert await house.paths(await house.collected(f"{site.url}/", depth=0), site.url) == ["/"]
    assert site.asked["/sitemap.xml"] == 0


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        ({"include": "/docs/*"}, ["/", "/docs/a", "/docs/b?x=1"]),
        ({"exclude": "*/b?* /blog/*"}, ["/", "/docs/a"]),
        ({"include": "/docs/* /blog/*", "exclude": "*/a"}, ["/", "/blog/c", "/docs/b?x=1"]),
        ({"include": "http://*/blog/*"}, ["/", "/blog/c"]),
        ({"include": "*(a+)+$"}, ["/"]),
    ],
)
async def test_patterns_choose_among_links_and_never_among_what_was_ordered(
    house: WebHouse, site: Web, options: dict[str, str], paths: list[str]
) -> None:
    links = ["/docs/a", "/docs/b?x=1", "/blog/c"]
    site.pages = {"/": page("start", *links), **{link: page(link) for link in links}}

    assert sorted(await house.paths(await house.collected(f"{site.url}/", **options), site.url)) == paths


async def test_a_pattern_that_would_never_end_elsewhere_is_matched_in_no_time(house: WebHouse, site: Web) -> None:
    long = "/" + "a" * 1900
    site.pages = {"/": page("start", long), long: page("long")}

    crawl_id = await house.collected(f"{site.url}/", include="*a*a*a*a*a*a*a*a*a*a*a*a*b")

    assert await house.paths(crawl_id, site.url) == ["/"]


async def test_budgets_end_a_site_with_what_it_has(house: WebHouse, site: Web) -> None:
    site.tree(width=5, depth=2)

    crawl_id = await house.collected(f"{site.url}/", max_pages=7)

    assert len(await house.paths(crawl_id, site.url)) == 7
    assert (await house.site_row(crawl_id))["stopped_by"] == "max_pages"
    (warning,) = (await house.status(crawl_id))["result"]["warnings"]
    assert warning.startswith("max_pages was reached")
    assert sum(count for path, count in site.asked.items() if path[1:2].isdigit() or path == "/") == 7


async def test_a_site_that_fits_its_budget_exactly_was_not_stopped(house: WebHouse, site: Web) -> None:
    site.tree(width=3, depth=1)

    crawl_id = await house.collected(f"{site.url}/", max_pages=4)

    assert (await house.site_row(crawl_id))["stopped_by"] is None


async def test_bytes_are_budgeted(house: WebHouse, site: Web) -> None:
    body = page("big", *[f"/{number}" for number in range(8)]) + " " * 600_000
    site.pages = dict.fromkeys(["/", *[f"/{number}" for number in range(8)]], body)

    crawl_id = await house.collected(f"{site.url}/", max_megabytes=1)

    assert (await house.site_row(crawl_id))["stopped_by"] == "max_megabytes"
    assert len(await house.paths(crawl_id, site.url)) < 9


async def test_sitemaps_name_pages_nobody_links_to(house: WebHouse, site: Web) -> None:
    named = f"<urlset><url><loc>{site.url}/hidden</loc></url><url><loc>http://elsewhere.example/</loc></url></urlset>"
    index = f"<sitemapindex><sitemap><loc>{site.url}/inner.xml</loc></sitemap></sitemapindex>"
    site.pages = {
        "/": page("start"),
        "/hidden": page("hidden"),
        "/robots.txt": says(f"Sitemap: {site.url}/outer.xml", kind="text/plain"),
        "/outer.xml": says(index, kind="application/xml"),
        "/inner.xml": says(named, kind="application/xml"),
    }

    with_them = await house.paths(await house.collected(f"{site.url}/"), site.url)
    without = await house.paths(await house.collected(f"{site.url}/", sitemap=False), site.url)

    assert (with_them, without) == (["/", "/hidden"], ["/"])


async def test_robots_are_heeded_unless_the_order_says_otherwise(house: WebHouse, site: Web) -> None:
    site.pages = {
        "/": page("start", "/open", "/closed"),
        "/open": page("open"),
        "/closed": page("closed"),
        "/robots.txt": says("User-agent: headrace\nDisallow: /closed\n", kind="text/plain"),
    }

    heeding = await house.paths(await house.collected(f"{site.url}/"), site.url)
    assert (heeding, site.asked["/closed"]) == (["/", "/open"], 0)
    ignoring = await house.paths(await house.collected(f"{site.url}/", respect_robots=False), site.url)
    assert sorted(ignoring) == ["/", "/closed", "/open"]


async def test_an_order_of_what_robots_forbid_fails_and_asks_for_nothing(house: WebHouse, site: Web) -> None:
    site.pages = {"/": page("start"), "/robots.txt": says("User-agent: *\nDisallow: /\n", kind="text/plain")}

    crawl_id = await house.trigger(f"{site.url}/")
    status = await house.finish(crawl_id)

    assert (status["pipeline_status"], status["error"]["code"]) == ("failed", "PROVIDER_JOB_FAILED")
    assert "ROBOTS_DISALLOWED" in status["error"]["message"]
    assert site.asked["/"] == 0


@pytest.mark.parametrize(
    ("options", "named"),
    [({"depth": 99}, "options.depth"), ({"delay": "soon"}, "options.delay"), ({"include": "a " * 60}, "patterns")],
)
async def test_options_that_mean_nothing_are_refused_by_name(
    house: WebHouse, site: Web, options: dict[str, object], named: str
) -> None:
    status = await house.finish(await house.trigger(f"{site.url}/", options=options))

    assert status["error"]["code"] == "PROVIDER_REJECTED"
    assert named in status["error"]["message"]


async def test_html_is_kept_when_it_is_wished(house: WebHouse, site: Web) -> None:
    site.pages = {"/": page("start")}

    (kept,) = await house.records(await house.collected(f"{site.url}/", html=True))
    (left,) = await house.records(await house.collected(f"{site.url}/"))

    assert (kept["html"], "html" in left) == (page("start"), False)
    assert (left["title"], left["text"], left["status"]) == ("start", "start", 200)
