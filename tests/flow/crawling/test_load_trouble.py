"""Loads that fail, die or meet a cancellation: nothing unproven is ever visible."""

import asyncio
from collections.abc import Mapping
from functools import partial

import pytest

from schemas.load_source import WarehouseUnavailable
from schemas.problem import Problem
from services.crawling.load_warehouse import load_warehouse
from tests.flow.crawling.commands import cancel, retry
from tests.flow.crawling.loads import Recorded, fail_load, load_jobs, recorded
from tests.flow.crawling.rig import TENANT, House, Killed


async def test_a_death_between_loading_and_publishing_shows_nothing_until_the_work_goes_on(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:4")
    context = house.context
    whole = context.warehouse

    class Dying(Recorded):
        async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
            raise Killed

    with pytest.raises(Killed):
        await load_warehouse(await load_jobs(house), database=context.database, warehouse=Dying(whole))
    hidden = await house.visible(crawl_id)
    await house.end_leases()
    await house.work("load")

    assert hidden == []
    assert await house.visible(crawl_id) == [(1, 4)]


async def test_a_warehouse_that_is_away_is_tried_again(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    whole = house.context.warehouse
    recorded(house, WarehouseUnavailable("no answer"))
    await house.work("load")
    waiting = await house.status(crawl_id)

    house.replace(warehouse=whole)
    await house.hurry()
    await house.work("load")

    assert waiting["result"]["warehouse"] == "pending"
    assert await house.visible(crawl_id) == [(1, 3)]


async def test_a_crawl_that_must_be_loaded_and_cannot_fails_at_the_warehouse(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order={"warehouse": "required"})

    await fail_load(house)

    failure, status = await house.failure(crawl_id), await house.status(crawl_id)
    assert (failure["code"], failure["stage"]) == ("WAREHOUSE_UNAVAILABLE", "warehouse")
    assert (status["pipeline_status"], status["error"]["stage"]) == ("failed", "warehouse")
    assert set(status["commands"]) == {"retry-background", "download"}
    assert await house.visible(crawl_id) == []


async def test_a_failed_load_can_be_repeated_as_a_new_attempt_that_buys_nothing(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order={"warehouse": "required"})
    whole = house.context.warehouse
    await fail_load(house)
    house.replace(warehouse=whole)

    await retry(house, crawl_id)
    status = await house.finish(crawl_id)

    assert (status["pipeline_status"], status["attempt"]) == ("completed", 2)
    assert await house.visible(crawl_id) == [(2, 3)]
    assert len(await house.bought()) == 1


async def test_by_default_a_load_that_fails_leaves_the_crawl_complete_and_says_so(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")

    await fail_load(house)

    status = await house.status(crawl_id)
    assert (status["pipeline_status"], status["result"]["warehouse"]) == ("completed", "failed")
    assert await house.ends(crawl_id) == [("data.ingestion.completed", 1)]


async def test_one_damaged_object_does_not_keep_the_other_crawls_out(house: House) -> None:
    crawls = [await house.stored(f"ready_after:0,records:{n}", order={"warehouse": "required"}) for n in (1, 2, 3)]
    await house.context.lake.delete(f"crawls/{TENANT}/{crawls[1]}/1/records.ndjson.gz")

    await house.work("load")

    statuses = [(await house.status(one))["pipeline_status"] for one in crawls]
    assert statuses == ["completed", "failed", "completed"]
    assert [await house.visible(one) for one in crawls] == [[(1, 1)], [], [(1, 3)]]
    failure, status = await house.failure(crawls[1]), await house.status(crawls[1])
    assert (failure["code"], failure["stage"]) == ("STORE_MISSING", status["error"]["stage"])


async def test_rows_of_a_cancelled_crawl_are_never_visible(house: House) -> None:
    crawl_id = await house.trigger("ready_after:0,records:3")
    await house.work("submit")
    await house.poll()
    await house.take(crawl_id)

    await cancel(house, crawl_id)
    await house.end_leases()
    await house.work("store", "load")

    assert await house.visible(crawl_id) == []
    assert await house.ends(crawl_id) == [("crawl.failed", 1)]


async def test_two_workers_that_take_a_damaged_load_apart_both_come_to_an_end(house: House) -> None:
    crawls = [await house.stored(f"ready_after:0,records:{n}") for n in (1, 2)]
    await house.context.lake.delete(f"crawls/{TENANT}/{crawls[0]}/1/records.ndjson.gz")
    context = house.context
    jobs = await load_jobs(house)
    run = partial(load_warehouse, database=context.database, warehouse=context.warehouse)

    one, other = await asyncio.gather(run(jobs), run(jobs))

    for outcomes in (one, other):
        for job in jobs:
            outcome = outcomes[job.id]
            damaged = job.payload["crawl_id"] == str(crawls[0])
            assert isinstance(outcome, Problem) or not damaged
            assert not isinstance(outcome, Problem) or damaged or outcome.retryable
