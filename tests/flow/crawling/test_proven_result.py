"""What was proven stays: a later attempt that fails takes no result away, and buys nothing unasked."""

import pytest

from services.crawling.retry_crawl import WouldBuyAgain, retry_crawl
from tests.flow.crawling.commands import download
from tests.flow.crawling.rig import TENANT, House, sha256


async def test_a_download_that_fails_leaves_the_proven_result(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    before = await house.status(crawl_id)
    house.amend(before["snapshot_id"], "fault:snapshot.html")
    await download(house, crawl_id)
    assert sha256(await house.result(crawl_id)) == before["result"]["sha256"]

    after = await house.finish(crawl_id)

    assert (after["pipeline_status"], after["attempt"]) == ("failed", 2)
    assert (after["result"]["sha256"], after["result"]["attempt"]) == (before["result"]["sha256"], 1)
    assert sha256(await house.result(crawl_id)) == before["result"]["sha256"]


async def test_rows_of_a_proven_attempt_become_visible_though_a_later_one_runs(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    house.amend((await house.status(crawl_id))["snapshot_id"], "fault:snapshot.html")
    await download(house, crawl_id)

    await house.work("load")

    assert await house.visible(crawl_id) == [(1, 3)]
    (loaded,) = await house.events(crawl_id, "data.warehouse.loaded")
    assert loaded["data"]["attempt"] == 1


async def test_nothing_is_bought_again_while_there_is_a_proven_result(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    house.amend((await house.status(crawl_id))["snapshot_id"], "fault:snapshot.expired")
    await download(house, crawl_id)
    await house.finish(crawl_id)
    context = house.context

    with pytest.raises(WouldBuyAgain):
        await retry_crawl(crawl_id, tenant=TENANT, repurchase=False, database=context.database, policy=context.policy)

    assert len(await house.bought()) == 1


async def test_a_completed_crawl_can_be_run_again_on_its_snapshot(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    context = house.context

    await retry_crawl(crawl_id, tenant=TENANT, repurchase=False, database=context.database, policy=context.policy)
    done = await house.finish(crawl_id)

    assert (done["pipeline_status"], done["attempt"], len(await house.bought())) == ("completed", 2, 1)
