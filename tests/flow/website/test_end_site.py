"""How a site ends before its time: cancelled, erased, forgotten."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiohttp import web

from functions import erase_crawl
from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.erasing.order_erasure import order_erasure
from services.crawling.forget_sites import KEPT, forget_sites
from tests.flow.website.web_house import PATIENCE, TENANT, WebHouse, until
from tests.flow.website.web_site import Web, page


async def test_a_cancelled_crawl_stops_asking_its_site(house: WebHouse, site: Web) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        links = [f"{request.path.rstrip('/')}/{number}" for number in range(10)]
        return web.Response(text=page("x", *links), content_type="text/html")

    site.pages, site.fallback = {"/robots.txt": "", "/sitemap.xml": ""}, slow
    crawl_id = await house.trigger(f"{site.url}/", options={"max_pages": 1000, "depth": 9})
    await house.work("submit")
    working = asyncio.create_task(house.work("site"))
    await until(lambda: pages_of(house, crawl_id))

    await cancel_crawl(crawl_id, tenant=TENANT, database=house.runtime.database)
    await house.work("cancel")
    async with asyncio.timeout(PATIENCE):
        await working

    row = await house.site_row(crawl_id)
    assert (row["state"], row["pages"] < 1000) == ("cancelled", True)
    states = await house.rows("SELECT state FROM jobs WHERE kind IN ('site', 'crawl')")
    assert {one["state"] for one in states} == {"cancelled"}


async def pages_of(house: WebHouse, crawl_id: UUID) -> int:
    count: int = (await house.site_row(crawl_id))["pages"]
    return count


async def test_an_erased_crawl_leaves_nothing_of_its_site(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=1)
    crawl_id = await house.collected(f"{site.url}/")
    context = house.context
    assert [name async for name in context.lake.list(f"crawls/{TENANT}/{crawl_id}/site-")] != []

    await order_erasure(
        crawl_id, tenant=TENANT, asked_by=None, room=10, database=context.database, history=context.history
    )
    await house.sql("UPDATE jobs SET state = 'completed' WHERE kind = 'load'")
    await erase_crawl.main.function.worker(house.runtime).drain(house.stop)

    assert [name async for name in context.lake.list(f"crawls/{TENANT}/{crawl_id}/")] == []
    assert await house.rows("SELECT 1 FROM sites UNION ALL SELECT 1 FROM site_pages") == []


async def test_old_sites_go_with_their_parts_and_results_stay(house: WebHouse, site: Web) -> None:
    site.tree(width=2, depth=1)
    crawl_id = await house.collected(f"{site.url}/")
    now, place = datetime.now(UTC), f"crawls/{TENANT}/{crawl_id}/site-"
    context = house.context

    assert await forget_sites(database=context.database, lake=context.lake, now=now + KEPT - timedelta(hours=1)) == 0
    assert [name async for name in context.lake.list(place)] != []
    assert await forget_sites(database=context.database, lake=context.lake, now=now + KEPT + timedelta(hours=1)) == 1

    assert [name async for name in context.lake.list(place)] == []
    assert await house.rows("SELECT 1 FROM sites UNION ALL SELECT 1 FROM site_pages") == []
    assert len(await house.records(crawl_id)) == 3


async def test_a_site_under_way_is_not_forgotten(house: WebHouse, site: Web) -> None:
    await house.trigger(f"{site.url}/")
    await house.work("submit")
    context, later = house.context, datetime.now(UTC) + 2 * KEPT

    assert await forget_sites(database=context.database, lake=context.lake, now=later) == 0
