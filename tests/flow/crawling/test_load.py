"""Rows become visible when their crawl is proven, once, and of the attempt that counts."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.problem import Problem
from services.crawling.cancel_crawl import cancel_crawl
from services.crawling.download_crawl import download_crawl
from services.crawling.load_warehouse import load_warehouse
from services.crawling.retry_crawl import retry_crawl
from services.jobs.job import Job
from services.jobs.settle import settle
from services.jobs.store import held
from tests.flow.crawling.rig import TENANT, House, Killed


class Recorded:
    """A real warehouse that notes what it is asked to load, and may be away."""

    def __init__(self, whole: Any, problem: Problem | None = None) -> None:
        self.whole, self.problem = whole, problem
        self.loads: list[list[tuple[str, int]]] = []

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        self.loads.append([(source.crawl_id, source.attempt) for source in sources])
        if self.problem is not None:
            raise self.problem
        counts: Mapping[str, int] = await self.whole.load(load_id, table, sources)
        return counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        await self.whole.publish(table, attempts)

    async def query(self, sql: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.whole.query(sql)
        return found


def recorded(house: House, problem: Problem | None = None) -> Recorded:
    warehouse = Recorded(getattr(house.context.warehouse, "whole", house.context.warehouse), problem)
    house.replace(warehouse=warehouse)
    return warehouse


async def load_jobs(house: House) -> list[Job]:
    """Hold everything that waits to be loaded, as a worker would."""
    async with house.runtime.database.transaction() as tx:
        return await held.claim(tx, "load", limit=100, lease_seconds=60, worker="test")


async def download(house: House, crawl_id: UUID) -> int:
    context = house.context
    return await download_crawl(
        crawl_id, tenant=TENANT, database=context.database, providers=context.providers, policy=context.policy
    )


async def warehouse_events(house: House, crawl_id: UUID) -> list[tuple[str, str | None]]:
    told = await house.events(crawl_id, "data.ingestion.completed", "data.warehouse.loaded", "crawl.failed")
    return [(event["type"], event["data"].get("warehouse")) for event in told]


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


async def test_a_death_between_loading_and_publishing_shows_nothing_until_the_work_goes_on(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:4")
    context = house.context
    whole = context.warehouse

    class Dying(Recorded):
        async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
            raise Killed

    jobs = await load_jobs(house)
    outcomes = await load_warehouse(jobs, database=context.database, warehouse=Dying(whole))
    with pytest.raises(Killed):
        await settle(context.database, jobs[0], outcomes[jobs[0].id])  # type: ignore[arg-type]
    hidden = await house.visible(crawl_id)
    await house.end_leases()
    await house.work("load")

    assert hidden == []
    assert await house.visible(crawl_id) == [(1, 4)]


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


async def fail_load(house: House) -> None:
    recorded(house, WarehouseUnavailable("no answer"))
    for _ in range(8):
        await house.hurry()
        await house.work("load")


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
    whole, context = house.context.warehouse, house.context
    await fail_load(house)
    house.replace(warehouse=whole)

    await retry_crawl(crawl_id, tenant=TENANT, repurchase=False, database=context.database, policy=context.policy)
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

    await cancel_crawl(crawl_id, tenant=TENANT, database=house.context.database)
    await house.end_leases()
    await house.work("store", "load")

    assert await house.visible(crawl_id) == []
    assert await house.ends(crawl_id) == [("crawl.failed", 1)]


async def test_a_crawl_cancelled_while_its_load_runs_shows_nothing(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order={"warehouse": "required"})
    context = house.context
    jobs = await load_jobs(house)
    outcomes = await load_warehouse(jobs, database=context.database, warehouse=context.warehouse)
    await house.sql("UPDATE jobs SET state = 'cancelled' WHERE id = $1", crawl_id)  # as a cancellation would

    await settle(context.database, jobs[0], outcomes[jobs[0].id])  # type: ignore[arg-type]

    assert await house.visible(crawl_id) == []
    assert await house.events(crawl_id, "data.warehouse.loaded") == []


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
