"""Media that records link to are fetched once a tenant, never in the way of their crawl."""

import dataclasses
import gzip
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from aiohttp import web

from services.crawling.erasing.expire_results import expire_results
from services.crawling.erasing.order_erasure import order_erasure
from services.crawling.media.links import media_links
from services.crawling.process_media import media_job
from services.crawling.store import crawls
from services.jobs.store import queue
from tests.flow.crawling.commands import download
from tests.flow.crawling.rig import TENANT, House

HANGS_UP = 0


@dataclasses.dataclass
class Site:
    """A host with pictures, and what it was asked for."""

    url: str = ""
    asked: list[str] = dataclasses.field(default_factory=list)
    statuses: dict[str, list[int]] = dataclasses.field(default_factory=dict)
    """What a path answers first, before it answers a picture."""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        if before := self.statuses.get(request.path):
            status = before.pop(0)
            if status == HANGS_UP and request.transport is not None:
                request.transport.abort()
            return web.Response(status=status or 500)
        if request.path.startswith("/page"):
            return web.Response(text="<html>", content_type="text/html")
        if request.path.startswith("/large"):
            return web.Response(body=b"x" * 3000, content_type="image/png")
        body = b"same" if request.path.startswith("/same") else request.path.encode()
        return web.Response(body=body, content_type="image/png")


@pytest.fixture
async def site(house: House) -> AsyncIterator[Site]:
    """A private host that the operator allows; media of at most 2,000 bytes."""
    made, app = Site(), web.Application()
    app.router.add_get("/{any:.*}", made.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host = f"127.0.0.1:{runner.addresses[0][1]}"
    made.url = f"http://{host}"
    house.runtime.settings = house.runtime.settings.but(egress_allow=host, media_max_bytes=2000)
    yield made
    await runner.cleanup()


async def linking(house: House, *links: Any) -> UUID:
    """A completed crawl whose records link to these; its job for them is queued."""
    crawl_id = await house.stored("ready_after:0,records:1")
    await house.work("load")
    name = f"crawls/{TENANT}/{crawl_id}/1/linking.ndjson.gz"

    async def lines() -> AsyncIterator[bytes]:
        yield gzip.compress(b"".join(msgspec.json.encode({"n": 1, "images": link}) + b"\n" for link in links), mtime=0)

    await house.context.lake.create(name, lines())
    async with house.context.database.transaction() as tx:
        crawl = await crawls.get(tx, crawl_id)
        assert crawl is not None
        await queue.enqueue(tx, media_job(crawl, 1, name))
    return crawl_id


async def manifest(house: House, crawl_id: UUID) -> dict[str, str]:
    rows = await house.rows("SELECT url, status FROM media WHERE crawl_id = $1", crawl_id)
    return {row["url"].partition("/")[2].partition("/")[2].partition("/")[2]: row["status"] for row in rows}


async def objects(house: House) -> list[str]:
    return [name async for name in house.context.lake.list(f"media/{TENANT}/")]


async def test_links_are_fetched_once_and_equal_bytes_lie_once(house: House, site: Site) -> None:
    crawl_id = await linking(
        house, f"{site.url}/a", [f"{site.url}/same1", {"url": f"{site.url}/same2"}], f"{site.url}/a"
    )

    await house.work("media")

    assert await manifest(house, crawl_id) == {"a": "stored", "same1": "stored", "same2": "stored"}
    assert sorted(site.asked) == ["/a", "/same1", "/same2"]
    assert len(await objects(house)) == 2
    (job,) = await house.rows("SELECT result FROM jobs WHERE kind = 'media'")
    assert {name: job["result"][name] for name in ("stored", "objects", "pending")} == {
        "stored": 3,
        "objects": 2,
        "pending": 0,
    }


async def test_what_is_no_medium_too_large_or_private_is_refused_and_the_rest_comes(house: House, site: Site) -> None:
    links = [f"{site.url}/page", f"{site.url}/large", "http://169.254.169.254/x", f"{site.url}/a", "no link"]
    crawl_id = await linking(house, links)

    await house.work("media")

    assert await manifest(house, crawl_id) == {"page": "refused", "large": "refused", "x": "refused", "a": "stored"}
    assert (await house.status(crawl_id))["pipeline_status"] == "completed"


async def test_what_is_away_is_asked_for_again_and_nothing_else_is(house: House, site: Site) -> None:
    site.statuses = {"/busy": [503, 429], "/broken": [500, 502, 504], "/gone": [404]}
    crawl_id = await linking(house, *[f"{site.url}/{name}" for name in ("a", "busy", "broken", "gone")])

    await house.work("media")
    assert await manifest(house, crawl_id) == {"a": "stored", "busy": "pending", "broken": "pending", "gone": "refused"}
    for _ in range(3):
        await house.hurry()
        await house.work("media")

    assert await manifest(house, crawl_id) == {"a": "stored", "busy": "stored", "broken": "stored", "gone": "refused"}
    assert Counter(site.asked) == {"/a": 1, "/busy": 3, "/broken": 4, "/gone": 1}
    (job,) = await house.rows("SELECT state, tries, error_code FROM jobs WHERE kind = 'media'")
    assert dict(job) == {"state": "completed", "tries": 3, "error_code": None}


async def test_a_host_that_hangs_up_is_asked_again(house: House, site: Site) -> None:
    site.statuses = {"/cut": [HANGS_UP] * 2}  # the client itself asks once more
    crawl_id = await linking(house, f"{site.url}/cut")

    await house.work("media")
    assert await manifest(house, crawl_id) == {"cut": "pending"}
    for _ in range(2):
        await house.hurry()
        await house.work("media")

    assert await manifest(house, crawl_id) == {"cut": "stored"}


async def test_what_stays_away_is_said_of_its_link_when_no_try_is_left(house: House, site: Site) -> None:
    site.statuses = {"/down": [503] * 9}
    crawl_id = await linking(house, f"{site.url}/a", f"{site.url}/down", "http://127.0.0.1:9/nobody")

    for _ in range(6):
        await house.work("media")
        await house.hurry()

    assert await manifest(house, crawl_id) == {"a": "stored", "down": "failed", "nobody": "refused"}
    assert Counter(site.asked) == {"/a": 1, "/down": house.runtime.settings.processing_max_retries + 1}
    (row,) = await house.rows("SELECT detail FROM media WHERE status = 'failed'")
    assert row["detail"] == "MEDIA_UNAVAILABLE: HTTP 503"
    (job,) = await house.rows("SELECT state, result FROM jobs WHERE kind = 'media'")
    assert (job["state"], job["result"]["failed"]) == ("completed", 1)


async def test_an_interrupted_job_fetches_only_what_is_missing(house: House, site: Site) -> None:
    crawl_id = await linking(house, [f"{site.url}/a", f"{site.url}/b"])
    await house.sql(
        "INSERT INTO media (crawl_id, url, tenant, status) VALUES ($1, $2, 'default', 'stored')",
        crawl_id,
        f"{site.url}/a",
    )

    await house.work("media")

    assert site.asked == ["/b"]


async def test_an_order_asks_for_media_and_others_have_none(house: House) -> None:
    await house.stored("ready_after:0,records:1")
    assert await house.rows("SELECT FROM jobs WHERE kind = 'media'") == []

    await house.stored("ready_after:0,records:1", order={"media": True})
    assert len(await house.rows("SELECT FROM jobs WHERE kind = 'media'")) == 1


async def test_erasing_removes_media_that_no_other_crawl_links_to(house: House, site: Site) -> None:
    first = await linking(house, [f"{site.url}/same1", f"{site.url}/a"])
    second = await linking(house, [f"{site.url}/same1"])
    await house.work("media")
    assert len(await objects(house)) == 2

    for crawl_id, left in ((first, 1), (second, 0)):
        await order_erasure(crawl_id, tenant=TENANT, asked_by=None, room=9, **house.places)
        await house.work("erase")
        assert len(await objects(house)) == left
    assert await house.rows("SELECT FROM media") == []


async def test_media_go_with_the_result_that_links_to_them_and_shared_ones_with_the_last(
    house: House, site: Site
) -> None:
    first = await linking(house, [f"{site.url}/same1", f"{site.url}/a"])
    second = await linking(house, [f"{site.url}/same1"])
    places: dict[str, Any] = {"database": house.context.database, "lake": house.context.lake}
    aged = "UPDATE stored_results SET stored_at = stored_at - interval '3 days' WHERE crawl_id = $1"

    await house.sql(aged, first)
    assert await expire_results(days=2, **places) == 0  # its links are still to be followed
    await house.work("media")
    for crawl_id, left in ((first, 1), (second, 0)):
        await house.sql(aged, crawl_id)
        assert await expire_results(days=2, **places) == 1
        assert len(await objects(house)) == left

    assert await house.rows("SELECT FROM media") == []


async def test_media_stay_while_another_result_of_the_crawl_does(house: House, site: Site) -> None:
    crawl_id = await linking(house, [f"{site.url}/a"])
    await house.work("media")
    await download(house, crawl_id)
    await house.finish(crawl_id)
    await house.sql("UPDATE stored_results SET stored_at = stored_at - interval '3 days' WHERE attempt = 1")

    assert await expire_results(days=2, database=house.context.database, lake=house.context.lake) == 1

    assert await manifest(house, crawl_id) == {"a": "stored"}
    assert len(await objects(house)) == 1


async def test_links_are_found_wherever_a_block_ends(house: House) -> None:
    crawl_id = await linking(house, *[f"https://a.example/{uuid4().hex}" for _ in range(3000)])

    name = f"crawls/{TENANT}/{crawl_id}/1/linking.ndjson.gz"
    batches = [batch async for batch in media_links(house.context.lake, name)]

    assert len({link for batch in batches for link in batch}) == 3000
