"""MAX_QUEUE_SIZE holds for crawls too, whoever brings them."""

from uuid import UUID

import pytest

from services.jobs.submitting.room import QueueFull
from tests.flow.crawling.commands import retry
from tests.flow.crawling.rig import House


async def full(house: House) -> list[UUID]:
    house.adjust(room=2)
    return [await house.trigger(), await house.trigger()]


async def test_a_full_queue_takes_no_order_and_keeps_nothing_of_it(house: House) -> None:
    waiting = await full(house)

    with pytest.raises(QueueFull) as refused:
        await house.trigger()

    assert (refused.value.status, refused.value.extra["queue"]) == (429, "submit")
    assert {row["id"] for row in await house.rows("SELECT id FROM crawls")} == set(waiting)


async def test_nor_one_whose_caller_waits_for_it(house: House) -> None:
    waiting = await full(house)

    with pytest.raises(QueueFull):
        await house.trigger(worker="face")

    assert {row["id"] for row in await house.rows("SELECT id FROM crawls")} == set(waiting)


async def test_control_when_orders_are_sent_there_is_room_again(house: House) -> None:
    await full(house)
    await house.work("submit")

    await house.trigger()


async def test_an_order_that_is_made_anew_needs_room(house: House) -> None:
    crawl_id = await house.submitted("fail_after:0")
    await house.poll()
    before = await house.crawl(crawl_id)
    await full(house)

    with pytest.raises(QueueFull):
        await retry(house, crawl_id, repurchase=True)
    assert await house.crawl(crawl_id) == before

    await house.work("submit")
    assert await retry(house, crawl_id, repurchase=True) == 2
