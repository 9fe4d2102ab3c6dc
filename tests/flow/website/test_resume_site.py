"""Whoever collects a site may die at any moment: what was told is told, and nobody is asked for it again."""

import asyncio
import multiprocessing
import os
import signal
from functools import partial
from typing import Any

from aiohttp import web

from functions import crawl_site
from infra.runtime.configuration.secret import Secret
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import open_runtime
from services.crawling.crawl_site import crawl_site as use_case
from services.crawling.crawl_site import outside
from services.crawling.providers.website.collecting import Manners
from services.crawling.providers.website.packing import LINES, pack, part_name
from services.crawling.store.websites import sites
from services.jobs.job import Work
from services.jobs.progress import reporter
from tests.flow.website.web_house import WebHouse, until
from tests.flow.website.web_site import Web, page


def other_process(settings: dict[str, Any]) -> None:
    """Work the queue until somebody kills us."""
    asyncio.run(collect_for_ever(settings))


async def collect_for_ever(settings: dict[str, Any]) -> None:
    settings["database_url"] = Secret(settings["database_url"])
    async with open_runtime(read_settings(**settings), name="doomed") as runtime:
        await crawl_site.main.function.worker(runtime).drain(asyncio.Event())


async def test_after_a_kill_no_page_that_was_told_is_asked_for_again(
    house: WebHouse, site: Web, database_dsn: str
) -> None:
    site.tree(width=4, depth=2)
    gate = asyncio.Event()

    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.03)
        if sum(site.asked.values()) > 12:
            await gate.wait()
        return web.Response(text=pages[request.path_qs], content_type="text/html")

    pages = {path: str(text) for path, text in site.pages.items()}
    site.pages = dict.fromkeys(pages, slow)
    crawl_id = await house.trigger(f"{site.url}/")
    await house.work("submit")
    given = house.runtime.settings
    settings = {
        "data_dir": given.data_dir,
        "database_url": database_dsn,
        "egress_allow": site.host,
        "website_delay_seconds": 0.0,
        "website_requests_a_host": 4,
    }
    process = multiprocessing.get_context("spawn").Process(target=other_process, args=(settings,))
    await asyncio.to_thread(process.start)
    try:
        await until(lambda: _stuck(house, site))
    finally:
        os.kill(process.pid or 0, signal.SIGKILL)
        await asyncio.to_thread(process.join)
    told = await house.rows("SELECT url FROM site_pages WHERE state = 'told'")
    before = dict(site.asked)
    gate.set()

    await house.sql("UPDATE jobs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
    status = await house.finish(crawl_id)

    assert status["pipeline_status"] == "completed"
    assert len(told) >= 5
    again = {one["url"].removeprefix(site.url) for one in told}
    assert {path: site.asked[path] for path in again} == {path: before[path] for path in again}
    assert sorted(await house.paths(crawl_id, site.url)) == sorted(pages)


async def _stuck(house: WebHouse, site: Web) -> bool:
    told = await house.rows("SELECT count(*) AS n FROM site_pages WHERE state = 'told'")
    held = await house.rows("SELECT count(*) AS n FROM site_pages WHERE leased_until > now()")
    return bool(sum(site.asked.values()) > 12 and told[0]["n"] >= 5 and held[0]["n"])


async def test_a_claim_that_ends_in_the_middle_goes_on_in_the_next(house: WebHouse, site: Web) -> None:
    site.tree(width=3, depth=2)
    crawl_id = await house.trigger(f"{site.url}/")
    await house.work("submit")
    settings, context = house.runtime.settings, house.context
    hasty = Work(
        run=partial(
            use_case,
            database=context.database,
            lake=context.lake,
            outside=outside(settings),
            manners=Manners(delay=0.0, a_host=2),
            reporter=house.runtime.once(reporter),
            seconds=0.02,
        )
    )
    worker = crawl_site.main.function.worker(house.runtime)
    worker.work["site"] = hasty

    await worker.drain(house.stop)
    await house.finish(crawl_id)

    (job,) = await house.rows("SELECT tries, result FROM jobs WHERE kind = 'site'")
    assert (job["tries"], job["result"]["pages"]) == (0, 13)
    assert len(await house.paths(crawl_id, site.url)) == 13
    assert {path: count for path, count in site.asked.items() if count > 1} == {}


async def test_a_part_that_was_written_before_a_crash_is_not_written_otherwise(house: WebHouse, site: Web) -> None:
    site.pages["/"] = page("one")
    crawl_id = await house.trigger(f"{site.url}/")
    await house.work("submit", "site")
    row = await house.site_row(crawl_id)
    async with house.runtime.database.reading() as tx:
        found = await sites.get(tx, row["id"])
    assert found is not None
    lake = house.context.lake
    stored = b"".join([block async for block in lake.read(part_name(found, 1))])
    await house.sql("UPDATE sites SET parts = 0")
    await house.sql("UPDATE site_pages SET line = $1 WHERE part = 1", stored)

    await pack(found, whole=True, database=house.runtime.database, lake=lake)

    assert (await house.site_row(crawl_id))["parts"] == 1
    assert b"".join([block async for block in lake.read(part_name(found, 1))]) == stored
    assert await house.rows("SELECT 1 FROM site_pages WHERE line IS NOT NULL") == []


async def test_a_large_site_has_parts_and_every_line_once(house: WebHouse, site: Web) -> None:
    paths = [f"/{number}" for number in range(LINES + 20)]
    site.pages = {"/": page("all", *paths), **{path: page(path) for path in paths}}

    crawl_id = await house.collected(f"{site.url}/", max_pages=500)

    assert (await house.site_row(crawl_id))["parts"] == 2
    assert sorted(await house.paths(crawl_id, site.url)) == sorted(["/", *paths])
