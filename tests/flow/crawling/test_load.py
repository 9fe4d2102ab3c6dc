"""Rows become visible when their crawl is proven, once, and of the attempt that counts."""

from functools import partial

from services.crawling.load_warehouse import load_warehouse
from services.jobs.engine.settle import settle
from tests.flow.crawling.commands import download
from tests.flow.crawling.loads import load_jobs, recorded, warehouse_events
from tests.flow.crawling.rig import House


async def test_many_crawls_are_loaded_in_one_load(house: House) -> None:
    crawls = [await house.trigger(f"ready_after:0,records:{n},errors:1") for n in range(1, 7)]
    await house.work("submit")
    await house.poll()
    await house.work("store")
    warehouse = recorded(house)

    await house.work("load")

    assert [len(load) for load in warehouse.loads] == [6]
    assert [await house.visible(crawl_id) for crawl_id in crawls] == [[(1, n + 1)] for n in range(1, 7)]
    ids = {(await house.events(one, "data.warehouse.loaded"))[0]["data"]["load_id"] for one in crawls}
    assert len(ids) == 1


async def test_by_default_a_crawl_is_complete_before_it_is_loaded_and_tells_again_after(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    before = await house.status(crawl_id)
    hidden = await house.visible(crawl_id)

    await house.work("load")

    after = await house.status(crawl_id)
    assert (before["pipeline_status"], before["result"]["warehouse"], hidden) == ("completed", "pending", [])
    assert after["result"]["warehouse"] == "loaded"
    assert await warehouse_events(house, crawl_id) == [
        ("data.ingestion.completed", "pending"),
        ("data.warehouse.loaded", None),
    ]


async def test_a_crawl_that_must_be_loaded_is_complete_only_then(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order={"warehouse": "required"})
    before = await house.status(crawl_id)
    told_before = await house.ends(crawl_id)

    await house.work("load")

    after = await house.status(crawl_id)
    assert (before["pipeline_status"], before["result"], told_before) == ("downloading", None, [])
    assert before["background_processing"]["polling_state"] == "DOWNLOADING"
    assert (after["pipeline_status"], after["result"]["warehouse"]) == ("completed", "loaded")
    assert await warehouse_events(house, crawl_id) == [
        ("data.ingestion.completed", "loaded"),
        ("data.warehouse.loaded", None),
    ]
    assert await house.visible(crawl_id) == [(1, 3)]


async def test_an_empty_result_that_must_be_loaded_is_complete_too(house: House) -> None:
    crawl_id = await house.trigger("ready_after:0,records:0", order={"warehouse": "required"})

    status = await house.finish(crawl_id)

    assert (status["pipeline_status"], status["result"]["row_count"]) == ("completed", 0)


async def test_the_same_load_twice_shows_every_row_once(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:5")
    context = house.context
    jobs = await load_jobs(house)
    run = partial(load_warehouse, database=context.database, warehouse=context.warehouse)

    await run(jobs)  # and then its process died
    await house.end_leases()
    await house.work("load")

    assert await house.visible(crawl_id) == [(1, 5)]
    assert len(await house.events(crawl_id, "data.warehouse.loaded")) == 1


async def test_a_load_that_was_decided_keeps_its_crawls_though_their_jobs_come_back_one_by_one(house: House) -> None:
    crawls = [await house.stored(f"ready_after:0,records:{n}") for n in (1, 2)]
    context = house.context
    warehouse = recorded(house)
    jobs = await load_jobs(house)
    run = partial(load_warehouse, database=context.database, warehouse=warehouse)
    await run(jobs)

    for job in jobs:
        outcomes = await run([job])
        await settle(context.database, job, outcomes[job.id])  # type: ignore[arg-type]

    assert [sorted(load) for load in warehouse.loads] == [sorted((str(one), 1) for one in crawls)] * 3
    assert [await house.visible(one) for one in crawls] == [[(1, 1)], [(1, 2)]]


async def test_a_later_attempt_replaces_the_earlier_one(house: House) -> None:
    crawl_id = await house.trigger("ready_after:0,records:3")
    await house.finish(crawl_id)
    await house.work("load")
    house.amend((await house.status(crawl_id))["snapshot_id"], "records:7")

    attempt = await download(house, crawl_id)
    await house.finish(crawl_id)
    await house.work("load")

    assert attempt == 2
    assert await house.visible(crawl_id) == [(2, 7)]
    assert await house.ends(crawl_id) == [("data.ingestion.completed", 1), ("data.ingestion.completed", 2)]


async def test_two_attempts_that_wait_for_the_same_load_show_the_later_one(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    house.amend((await house.status(crawl_id))["snapshot_id"], "records:7")
    await download(house, crawl_id)
    await house.work("store")

    await house.work("load")

    assert await house.visible(crawl_id) == [(2, 7)]
    assert (await house.status(crawl_id))["result"]["warehouse"] == "loaded"


async def test_the_earlier_attempt_loaded_last_does_not_come_back(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    (first,) = await load_jobs(house)
    house.amend((await house.status(crawl_id))["snapshot_id"], "records:7")
    await download(house, crawl_id)
    await house.work("store", "load")

    context = house.context
    outcomes = await load_warehouse([first], database=context.database, warehouse=context.warehouse)
    await settle(context.database, first, outcomes[first.id])  # type: ignore[arg-type]

    assert await house.visible(crawl_id) == [(2, 7)]
    assert len(await house.events(crawl_id, "data.warehouse.loaded")) == 1
