"""A load's crawls become visible at once, nothing is locked meanwhile, and who dies or fails then is made good."""

import pytest

from infra.postgres.away import DatabaseAway
from schemas.load_source import WarehouseUnavailable
from services.crawling.load_warehouse import load_warehouse
from services.jobs.commanding.retry_job import retry_job
from services.jobs.kinds import kinds
from services.jobs.store import control
from tests.flow.crawling.commands import retry
from tests.flow.crawling.loads import fail_load, interrupted, load_jobs, many, recorded, warehouse_events
from tests.flow.crawling.rig import TENANT, House, Killed

REQUIRED = {"warehouse": "required"}


async def free(house: House) -> None:
    """Raises if any crawl is locked."""
    async with house.runtime.database.transaction() as tx:
        await tx.fetch("SELECT id FROM jobs WHERE kind = 'crawl' FOR UPDATE NOWAIT")


async def test_a_hundred_crawls_become_visible_by_one_publication_while_none_of_them_is_locked(house: House) -> None:
    crawls = await many(house, 100)

    async def nothing_is_locked() -> None:
        await free(house)

    warehouse = interrupted(house, "before", nothing_is_locked)
    await house.work("load")

    assert [len(load) for load in warehouse.loads] == [100]
    assert warehouse.published == [dict.fromkeys(map(str, crawls), 1)]
    seen = await house.context.warehouse.query("SELECT count(DISTINCT crawl_id) AS n FROM records")
    assert seen == [{"n": 100}]
    [row] = await house.rows("SELECT count(*) AS n FROM crawls WHERE warehouse_state = 'loaded'")
    assert row["n"] == 100
    [row] = await house.rows("SELECT count(*) AS n FROM events WHERE type = 'data.warehouse.loaded'")
    assert row["n"] == 100


async def test_control_a_locked_crawl_would_be_noticed(house: House) -> None:
    [crawl_id] = await many(house, 1)

    async with house.runtime.database.transaction() as tx:
        await control.lock(tx, crawl_id)
        with pytest.raises(DatabaseAway, match="could not obtain lock"):
            await free(house)


async def test_a_death_between_publishing_and_completing_is_made_good_by_the_same_publication(house: House) -> None:
    crawls = [await house.stored(f"ready_after:0,records:{n}", order=REQUIRED) for n in (1, 2)]

    async def dies() -> None:
        raise Killed

    warehouse = interrupted(house, "after", dies)
    with pytest.raises(Killed):
        await load_warehouse(await load_jobs(house), database=house.context.database, warehouse=warehouse)
    between = [(await house.status(one))["pipeline_status"] for one in crawls]
    await house.end_leases()
    await house.work("load")

    assert between == ["downloading", "downloading"]
    assert warehouse.published == [dict.fromkeys(map(str, crawls), 1)] * 2
    assert [await house.visible(one) for one in crawls] == [[(1, 1)], [(1, 2)]]
    for one in crawls:
        assert await warehouse_events(house, one) == [
            ("data.ingestion.completed", "loaded"),
            ("data.warehouse.loaded", None),
        ]


async def test_an_erased_crawl_stays_hidden_though_its_load_publishes_it(house: House) -> None:
    erased = await house.stored("ready_after:0,records:3")
    other = await house.stored("ready_after:0,records:2")
    whole = house.context.warehouse

    async def erase() -> None:
        await whole.withdraw("records", [str(erased)])  # type: ignore[attr-defined]  # of the adapter, not of the port

    warehouse = interrupted(house, "before", erase)
    await house.work("load")

    assert warehouse.published == [{str(erased): 1, str(other): 1}]
    assert (await house.visible(erased), await house.visible(other)) == ([], [(1, 2)])


async def test_an_attempt_that_failed_does_not_show_when_its_load_is_repeated_beside_the_next(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order=REQUIRED)
    whole = house.context.warehouse
    await fail_load(house)
    house.replace(warehouse=whole)
    await retry(house, crawl_id)

    [load] = await house.rows("SELECT id FROM jobs WHERE kind = 'load'")
    await retry_job(load["id"], tenant=TENANT, kinds=house.runtime.once(kinds), room=9, database=house.context.database)
    await house.work("load")

    assert await house.visible(crawl_id) == []
    assert await house.events(crawl_id, "data.warehouse.loaded") == []


async def test_rows_that_the_warehouse_did_not_publish_are_published_by_the_next_try(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order=REQUIRED)

    async def away() -> None:
        raise WarehouseUnavailable

    warehouse = interrupted(house, "before", away)
    await house.work("load")
    status, [job] = await house.status(crawl_id), await house.rows("SELECT tries FROM jobs WHERE kind = 'load'")
    await house.hurry()
    await house.work("load")

    assert (status["pipeline_status"], job["tries"]) == ("downloading", 1)
    assert warehouse.published == [{str(crawl_id): 1}]
    assert await house.visible(crawl_id) == [(1, 3)]


async def test_what_cannot_be_published_says_so_beside_what_could_not_be_loaded(house: House) -> None:
    crawls = [await house.stored(f"ready_after:0,records:{n}", order=REQUIRED) for n in (1, 2)]
    await house.context.lake.delete(f"crawls/{TENANT}/{crawls[0]}/1/records.ndjson.gz")

    async def away() -> None:
        raise WarehouseUnavailable

    interrupted(house, "before", away)
    await house.work("load")

    assert (await house.failure(crawls[0]))["code"] == "STORE_MISSING"
    assert (await house.status(crawls[1]))["pipeline_status"] == "downloading"


async def test_control_the_house_notes_what_it_is_asked_to_publish(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    warehouse = recorded(house)

    await house.work("load")

    assert warehouse.published == [{str(crawl_id): 1}]
