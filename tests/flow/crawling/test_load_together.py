"""Where a table takes only so many loads a day, crawls wait for each other."""

from functools import partial
from uuid import UUID

import pytest

from schemas.load_source import WarehouseUnavailable
from services.crawling import load_warehouse as loading
from services.crawling.load_warehouse import load_warehouse
from services.jobs.engine.worker import Worker
from services.jobs.job import Work
from tests.flow.crawling.loads import Recorded, recorded
from tests.flow.crawling.rig import House


class Minutes:
    """A worker whose warehouse takes one load a minute."""

    def __init__(self, house: House) -> None:
        self.house, self.warehouse = house, recorded(house)

    async def work(self, now: float) -> None:
        context = self.house.context
        run = partial(
            load_warehouse,
            database=context.database,
            warehouse=self.warehouse,  # type: ignore[arg-type]  # the part that loads
            every_seconds=60.0,
            now=lambda: now,
        )
        worker = Worker(database=context.database, queue="load", name="test", work={"load": Work(run_many=run)})
        await worker.drain(self.house.stop)


async def due_in(house: House, crawl_id: UUID) -> float:
    """Seconds until its load is due."""
    sql = "SELECT extract(epoch FROM due_at - now())::float AS s FROM jobs WHERE payload->>'crawl_id' = $1"
    [row] = await house.rows(sql, str(crawl_id))
    return float(row["s"])


async def test_what_is_stored_within_a_minute_is_loaded_by_one_load(house: House) -> None:
    minutes = Minutes(house)
    first = await house.stored("ready_after:0,records:1")
    await minutes.work(now=600.0)
    second = await house.stored("ready_after:0,records:2")
    await minutes.work(now=640.0)
    assert minutes.warehouse.loads == []

    await house.hurry()
    await minutes.work(now=660.0)

    assert [len(load) for load in minutes.warehouse.loads] == [2]
    assert [await house.visible(one) for one in (first, second)] == [[(1, 1)], [(1, 2)]]


async def test_a_load_waits_until_the_minute_is_over(house: House) -> None:
    minutes = Minutes(house)
    crawl_id = await house.stored("ready_after:0,records:1")

    await minutes.work(now=645.0)

    assert await due_in(house, crawl_id) <= 15.0


async def states(house: House) -> list[tuple[str, int]]:
    """Where each load is, and how often it failed."""
    found = await house.rows("SELECT state, tries FROM jobs WHERE kind = 'load' ORDER BY id")
    return [(row["state"], row["tries"]) for row in found]


async def test_a_load_that_failed_is_tried_again_when_the_next_minute_begins_with_all_that_came_since(
    house: House,
) -> None:
    minutes = Minutes(house)
    await house.stored("ready_after:0,records:1")
    await minutes.work(now=600.0)
    await house.hurry()
    minutes.warehouse.problem = WarehouseUnavailable("no answer")
    await minutes.work(now=660.0)
    minutes.warehouse.problem = None
    failed = await states(house)

    await house.hurry()  # its pause after the failure is over
    await minutes.work(now=662.0)
    second = await house.stored("ready_after:0,records:2")
    await minutes.work(now=700.0)
    waiting = await states(house), len(minutes.warehouse.loads), await due_in(house, second)
    await house.hurry()
    await minutes.work(now=720.0)

    assert failed == [("scheduled", 1)]
    assert (sorted(waiting[0]), waiting[1]) == ([("scheduled", 0), ("scheduled", 1)], 1)
    assert waiting[2] <= 20.0
    assert sorted(await states(house)) == [("completed", 0), ("completed", 1)]
    assert len(minutes.warehouse.published) == 1


async def test_each_further_failure_waits_for_a_minute_of_its_own(house: House) -> None:
    minutes = Minutes(house)
    await house.stored("ready_after:0,records:1")
    minutes.warehouse.problem = WarehouseUnavailable("no answer")
    for now in (610.0, 660.0, 670.0, 720.0, 730.0, 780.0):
        await minutes.work(now=now)
        await house.hurry()

    assert [len(minutes.warehouse.loads), *await states(house)] == [3, ("ready", 3)]


async def test_more_bytes_than_one_load_takes_are_left_to_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawls = [await house.stored("ready_after:0,records:2") for _ in range(3)]
    sizes = [(await house.status(one))["result"]["size_bytes"] for one in crawls]
    monkeypatch.setattr(loading, "MOST_BYTES", sizes[0] + sizes[1])
    minutes = Minutes(house)
    await minutes.work(now=600.0)
    await house.hurry()

    await minutes.work(now=660.0)
    left = await due_in(house, crawls[2])
    await house.hurry()
    await minutes.work(now=720.0)

    assert [len(load) for load in minutes.warehouse.loads] == [2, 1]
    assert 0.0 < left <= 60.0
    assert [await house.visible(one) for one in crawls] == [[(1, 2)]] * 3


async def test_a_crawl_that_is_more_than_one_load_takes_is_loaded_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawls = [await house.stored("ready_after:0,records:2") for _ in range(3)]
    monkeypatch.setattr(loading, "MOST_BYTES", 1)
    warehouse = recorded(house)

    await house.work("load")

    assert [len(load) for load in warehouse.loads] == [1, 1, 1]
    assert [await house.visible(one) for one in crawls] == [[(1, 2)]] * 3


async def test_control_where_loads_are_not_counted_nobody_waits(house: House) -> None:
    warehouse: Recorded = recorded(house)
    await house.stored("ready_after:0,records:1")

    await house.work("load")

    assert [len(load) for load in warehouse.loads] == [1]
