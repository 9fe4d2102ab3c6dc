"""Our own browser keeps to what every provider promises."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.embedded.lake import Lake
from infra.postgres.database import Database
from services.crawling.ports import Submission
from services.crawling.provider_problems import NotReady, ProviderRejected, SnapshotMissing
from services.crawling.providers.website import Website
from services.crawling.providers.website.fetching import NoPage
from services.crawling.providers.website.packing import pack
from services.crawling.providers.website.record import error_line
from services.crawling.store.websites import pages, sites

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def website(database: Database, tmp_path: Path) -> Website:
    return Website(database, Lake(tmp_path / "lake"))


def order(*urls: str, **more: Any) -> Submission:
    given = urls or ("https://shop.example/",)
    return Submission(
        **{"correlation": uuid4(), "dataset_id": "pages", "inputs": [{"url": url} for url in given], **more}
    )


async def test_an_order_that_is_sent_twice_is_one_order(website: Website, database: Database) -> None:
    one = order()

    first, second = await website.submit(one), await website.submit(one)

    async with database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM jobs WHERE kind = 'site'") == 1
    assert first == second


@pytest.mark.parametrize(
    ("urls", "options", "most"),
    [(1, {}, 100), (1, {"max_pages": "7"}, 7), (300, {}, 300)],
    ids=["one page to start from", "a limit", "many pages"],
)
def test_an_order_brings_no_more_pages_than_it_asks_for(
    website: Website, urls: int, options: dict[str, str], most: int
) -> None:
    given = [f"https://shop.example/{number}" for number in range(urls)]

    assert website.most(order(*given, options=options)) == most


async def test_another_purchase_of_the_same_crawl_is_another_order(website: Website) -> None:
    one = order(purchase=UUID(int=1))
    again = order(correlation=one.correlation, purchase=UUID(int=2))

    assert await website.submit(one) != await website.submit(again)


async def test_an_order_is_found_again_unless_somebody_owns_it(website: Website) -> None:
    one = order()
    assert await website.find(one, since=NOW, taken=[]) is None

    snapshot_id = await website.submit(one)

    assert await website.find(one, since=NOW, taken=[]) == snapshot_id
    assert await website.find(one, since=NOW, taken=[snapshot_id]) is None
    assert await website.find(order(), since=NOW, taken=[]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": [{"url": "ftp://shop.example/"}]},
        {"inputs": [{"name": "shop"}]},
        {"inputs": [{"url": "http://user:secret@shop.example/"}]},
        {"options": {"max_pages": "0"}},
        {"options": {"max_pages": "many"}},
        {"options": {"delay": "nan"}},
    ],
)
async def test_what_cannot_be_meant_is_refused_and_leaves_nothing(
    website: Website, database: Database, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ProviderRejected):
        await website.submit(order(**wrong))

    async with database.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM sites") == 0


@pytest.mark.parametrize("snapshot_id", ["site_", "site_x", "sd_1", "", "site_" + "0" * 32])
async def test_a_snapshot_nobody_knows_is_missing(website: Website, snapshot_id: str) -> None:
    with pytest.raises(SnapshotMissing):
        await website.poll(snapshot_id)
    with pytest.raises(SnapshotMissing):
        await website.parts(snapshot_id)


async def test_what_is_being_collected_is_pending_and_not_to_be_downloaded(website: Website) -> None:
    snapshot_id = await website.submit(order())

    progress = await website.poll(snapshot_id)

    assert (progress.state, progress.status) == ("pending", "collecting")
    with pytest.raises(NotReady):
        await website.parts(snapshot_id)


@pytest.mark.parametrize(("change", "word"), [("failed", "failed"), ("cancelled", "cancelled")])
async def test_a_site_whose_job_ended_otherwise_failed(
    website: Website, database: Database, change: str, word: str
) -> None:
    snapshot_id = await website.submit(order())
    async with database.transaction() as tx:
        await tx.execute("UPDATE jobs SET state = $1, finished_at = now() WHERE kind = 'site'", change)

    progress = await website.poll(snapshot_id)

    assert (progress.state, progress.status) == ("failed", word)


async def test_cancelled_it_stays_so_and_its_job_is_over(website: Website, database: Database) -> None:
    snapshot_id = await website.submit(order())

    await website.cancel(snapshot_id)
    await website.cancel(snapshot_id)

    async with database.reading() as tx:
        assert await tx.fetchval("SELECT state FROM jobs WHERE kind = 'site'") == "cancelled"
    assert (await website.poll(snapshot_id)).state == "failed"


async def test_headway_moves_the_marker_and_time_does_not(website: Website, database: Database) -> None:
    snapshot_id = await website.submit(order())
    first, second = await website.poll(snapshot_id), await website.poll(snapshot_id)

    async with database.transaction() as tx:
        await tx.execute("UPDATE sites SET pages = 3")

    assert first.marker == second.marker != (await website.poll(snapshot_id)).marker


async def test_the_lines_of_a_result_are_its_records_and_its_errors(
    website: Website, database: Database, tmp_path: Path
) -> None:
    snapshot_id = await website.submit(order("https://shop.example/", "https://shop.example/2"))
    site_id = UUID(hex=snapshot_id.removeprefix("site_"))
    async with database.transaction() as tx:
        taken = await pages.take(tx, site_id, a_host=2, delay=0.0, lease_seconds=60, limit=9)
        for one in taken:
            line = error_line(one.url, depth=0, problem=NoPage("HTTP_404", "gone"), at=NOW)
            assert await pages.told(tx, site_id, one, line)
        site = await sites.count(tx, site_id, pages=1, errors=1)
        await sites.end(tx, site_id, stopped_by=None)
    assert site is not None
    await pack(site, whole=True, database=database, lake=Lake(tmp_path / "lake"))

    progress, parts = await website.poll(snapshot_id), await website.parts(snapshot_id)
    body = b"".join([block async for block in website.download(snapshot_id, 1)])

    assert (progress.state, progress.records, progress.errors, parts) == ("ready", 1, 1, 1)
    assert len(body.splitlines()) == 2
    assert [block async for block in website.download(snapshot_id, 2)] == []
