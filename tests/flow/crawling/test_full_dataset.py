"""A dataset whose running jobs are at their limit waits alone; other orders and all polls go on."""

from tests.flow.crawling.rig import House


async def test_a_full_dataset_does_not_keep_others_waiting(house: House) -> None:
    full = await house.trigger("fault:trigger.429", order={"dataset_id": "gd_full"})
    await house.work("submit")
    for _ in range(8):
        await house.hurry()
        await house.work("submit")

    other = await house.finish(await house.trigger("ready_after:0,records:2", order={"dataset_id": "gd_other"}))

    assert other["pipeline_status"] == "completed"
    waiting = await house.status(full)
    assert waiting["pipeline_status"] == "submitting"
    assert "running jobs" in waiting["waiting_for"]["last_error"]
    assert await house.ends(full) == []


async def test_a_full_dataset_is_asked_by_one_order_at_a_time(house: House) -> None:
    for _ in range(10):
        await house.trigger("fault:trigger.429", order={"dataset_id": "gd_full"})
    await house.work("submit")
    first = house.calls("trigger")
    for _ in range(5):
        await house.hurry()
        await house.work("submit")

    assert first <= 10
    assert house.calls("trigger") == first


async def test_orders_go_out_when_the_dataset_has_room_again(house: House) -> None:
    crawl_id = await house.submitted("fault:trigger.429@1,ready_after:0,records:2", order={"dataset_id": "gd_full"})
    await house.sql("UPDATE provider_health SET open_until = now() - interval '1 s' WHERE open_until IS NOT NULL")

    done = await house.finish(crawl_id)

    assert (done["pipeline_status"], len(await house.bought())) == ("completed", 1)
