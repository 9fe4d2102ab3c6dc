"""What ended crawls left half-done is removed; what may still be worked on is not."""

from datetime import timedelta
from uuid import UUID

from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.clean_up import clean_up
from tests.flow.crawling.lakes import ready, store_and_die
from tests.flow.crawling.rig import TENANT, House

AN_HOUR = timedelta(hours=1)


async def clear(house: House, settled: timedelta = timedelta(0)) -> int:
    context = house.context
    return await clean_up(database=context.database, lake=context.lake, warehouse=context.warehouse, settled=settled)


async def half_stored(house: House) -> UUID:
    """A crawl whose worker died with one part in the lake, before the cursor knew of it."""
    crawl_id = await ready(house, "ready_after:0,records:2500")
    await store_and_die(house, crawl_id, "after create parts/00001.ndjson.gz")
    return crawl_id


async def test_the_parts_of_a_cancelled_crawl_go(house: House) -> None:
    crawl_id = await half_stored(house)
    await cancel_crawl(crawl_id, tenant=TENANT, database=house.runtime.database)
    assert await house.lake_names(crawl_id) == ["parts/00001.ndjson.gz"]

    assert await clear(house) == 1

    assert await house.lake_names(crawl_id) == []
    assert await clear(house) == 0


async def test_parts_that_a_worker_may_still_compose_stay(house: House) -> None:
    crawl_id = await half_stored(house)

    assert await clear(house) == 0

    assert await house.lake_names(crawl_id) == ["parts/00001.ndjson.gz"]


async def test_what_ended_a_moment_ago_is_left_alone(house: House) -> None:
    crawl_id = await half_stored(house)
    await cancel_crawl(crawl_id, tenant=TENANT, database=house.runtime.database)

    assert await clear(house, AN_HOUR) == 0

    assert await house.lake_names(crawl_id) == ["parts/00001.ndjson.gz"]


async def test_a_completed_crawl_keeps_its_result_and_loses_a_lost_workers_part(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    late = f"crawls/{TENANT}/{crawl_id}/1/parts/00001.ndjson.gz"
    await house.context.lake.compose(late, [f"crawls/{TENANT}/{crawl_id}/1/records.ndjson.gz"])

    assert await clear(house) == 1

    assert await house.lake_names(crawl_id) == ["manifest.json", "records.ndjson.gz"]
