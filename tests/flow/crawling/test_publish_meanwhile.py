"""What others do to crawls while these become visible comes out right: it is refused, or changes nothing."""

from typing import Any
from uuid import UUID

import pytest

from services.crawling.load_warehouse import load_warehouse
from services.crawling.phase import IllegalCommand
from services.jobs.commanding.cancel_job import cancel_job
from services.jobs.commanding.command_jobs import Bulk, Commanding
from services.jobs.commanding.commands import InvalidTransition
from services.jobs.commanding.enforce_wishes import enforce_wishes
from services.jobs.commanding.pause_job import pause_job
from services.jobs.commanding.restart_job import restart_job
from services.jobs.engine.settle import settle
from services.jobs.kinds import kinds
from tests.flow.crawling.commands import cancel, download, pause, retry
from tests.flow.crawling.loads import interrupted, load_jobs
from tests.flow.crawling.rig import TENANT, House

REQUIRED = {"warehouse": "required"}


async def refused(house: House, crawl_id: UUID) -> None:
    """Every way to end a crawl or to put it aside is refused now."""
    database, known = house.context.database, house.runtime.once(kinds)
    given: dict[str, Any] = {"tenant": TENANT, "kinds": known, "database": database}
    for command in (
        cancel(house, crawl_id),
        pause(house, crawl_id),
        cancel_job(crawl_id, **given),
        pause_job(crawl_id, **given),
        restart_job(crawl_id, room=9, **given),
    ):
        with pytest.raises((IllegalCommand, InvalidTransition)):
            await command
    bulk = await Commanding(command="cancel", room=9, **given).all(Bulk(filter={"kind": "crawl"}))
    assert (bulk["changed"], bulk["refused"]) == (0, 1)
    assert await enforce_wishes(kinds=known, database=database, seconds=0.0) == 0


@pytest.mark.parametrize("moment", ["load", "before", "after"])
async def test_a_crawl_whose_rows_are_about_to_be_visible_can_neither_be_cancelled_nor_put_aside(
    house: House, moment: str
) -> None:
    crawl_id = await house.stored("ready_after:0,records:3", order=REQUIRED)

    async def commanded() -> None:
        await refused(house, crawl_id)

    interrupted(house, moment, commanded)
    await house.work("load")

    assert (await house.status(crawl_id))["pipeline_status"] == "completed"
    assert await house.visible(crawl_id) == [(1, 3)]
    assert await house.ends(crawl_id) == [("data.ingestion.completed", 1)]


async def test_a_pause_that_comes_too_late_for_storing_does_not_stop_the_load_either(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3", order=REQUIRED)
    await house.poll()
    [job] = await house.rows("SELECT state, queue FROM jobs WHERE id = $1", crawl_id)
    assert (job["state"], job["queue"]) == ("ready", "store")

    whole = house.context.lake

    class Slow:
        """Wished for while the parts are joined, which no worker interrupts."""

        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

        async def compose(self, name: str, parts: list[str]) -> Any:
            await pause(house, crawl_id)
            return await whole.compose(name, parts)

    house.replace(lake=Slow())
    await house.work("store")
    house.replace(lake=whole)
    before = await house.status(crawl_id)
    enforced = await enforce_wishes(kinds=house.runtime.once(kinds), database=house.context.database, seconds=0.0)
    await house.work("load")

    assert (before["pause_requested"], before["commands"], enforced) == (False, [], 0)
    assert (await house.status(crawl_id))["pipeline_status"] == "completed"
    assert await house.visible(crawl_id) == [(1, 3)]


async def test_a_crawl_that_ended_while_it_was_loaded_is_not_published(house: House) -> None:
    ended = await house.stored("ready_after:0,records:3", order=REQUIRED)
    other = await house.stored("ready_after:0,records:2", order=REQUIRED)

    async def ends() -> None:
        await house.sql("UPDATE jobs SET state = 'cancelled' WHERE id = $1", ended)

    warehouse = interrupted(house, "load", ends)
    await house.work("load")

    assert warehouse.published == [{str(other): 1}]
    assert (await house.visible(ended), await house.visible(other)) == ([], [(1, 2)])
    assert await house.events(ended, "data.warehouse.loaded", "data.ingestion.completed") == []


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_an_attempt_that_was_completed_stays_true_when_another_one_begins(house: House, moment: str) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")

    async def again() -> None:
        await retry(house, crawl_id)

    interrupted(house, moment, again)
    await house.work("load")
    first = await house.visible(crawl_id)
    await cancel(house, crawl_id)

    assert (first, await house.visible(crawl_id)) == ([(1, 3)], [(1, 3)])
    assert len(await house.events(crawl_id, "data.warehouse.loaded")) == 1


@pytest.mark.parametrize("moment", ["load", "before", "after"])
async def test_a_later_attempt_that_overtakes_stays_the_visible_one(house: House, moment: str) -> None:
    crawl_id, database = await house.stored("ready_after:0,records:3"), house.context.database
    [first] = await load_jobs(house)

    async def overtaken() -> None:
        house.amend((await house.status(crawl_id))["snapshot_id"], "records:7")
        await download(house, crawl_id)
        await house.work("store", "load")

    warehouse = interrupted(house, moment, overtaken)
    outcomes = await load_warehouse([first], database=database, warehouse=warehouse)
    await settle(database, first, outcomes[first.id])  # type: ignore[arg-type]

    late = {"load": [2], "before": [2, 1], "after": [1, 2]}[moment]
    assert [attempts[str(crawl_id)] for attempts in warehouse.published] == late
    assert await house.visible(crawl_id) == [(2, 7)]
    told = await house.events(crawl_id, "data.warehouse.loaded")
    assert [event["data"]["attempt"] for event in told] == [2]
    assert (await house.status(crawl_id))["result"]["warehouse"] == "loaded"
