"""Where a table takes only so many loads a day, crawls wait for each other."""

from functools import partial
from uuid import UUID

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


async def test_control_where_loads_are_not_counted_nobody_waits(house: House) -> None:
    warehouse: Recorded = recorded(house)
    await house.stored("ready_after:0,records:1")

    await house.work("load")

    assert [len(load) for load in warehouse.loads] == [1]
