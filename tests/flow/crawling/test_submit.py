"""Orders are bought once, whatever becomes of their answers."""

import asyncio
from uuid import UUID

import pytest

from services.crawling import provider_client
from services.crawling.face.submissions import Submissions
from tests.flow.crawling.orders import again, age
from tests.flow.crawling.rig import House


async def test_an_order_gets_its_snapshot_its_first_poll_and_its_event_together(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60")

    (bought,) = await house.bought()
    (told,) = await house.events(crawl_id)
    status = await house.status(crawl_id)
    assert (told["type"], told["data"]["snapshot_id"]) == ("crawl.triggered", bought["snapshot_id"])
    assert bought["correlation"] == str(crawl_id)
    assert status["pipeline_status"] == "waiting_for_brightdata"
    assert status["background_processing"]["polling_active"] is True
    assert house.calls("list") == 0


@pytest.mark.parametrize("fault", ["drop", "commit_500"])
async def test_an_order_whose_answer_got_lost_is_found_and_adopted_never_sent_again(house: House, fault: str) -> None:
    crawl_id = await house.submitted(f"ready_after:60,fault:{fault}@1")
    unknown = await house.status(crawl_id)

    await again(house)

    (bought,) = await house.bought()
    status = await house.status(crawl_id)
    assert (unknown["pipeline_status"], unknown["snapshot_id"]) == ("submitting", None)
    assert status["snapshot_id"] == bought["snapshot_id"]
    assert [event["type"] for event in await house.events(crawl_id)] == ["crawl.triggered"]
    assert (house.calls("trigger"), (await house.job(crawl_id))["tries"]) == (1, 0)


async def test_orders_of_one_dataset_that_all_got_lost_find_each_its_own(house: House) -> None:
    crawls = [await house.trigger("ready_after:60,fault:drop@1") for _ in range(5)]
    await house.work("submit")

    await again(house)

    owners = {entry["snapshot_id"]: entry["correlation"] for entry in await house.bought()}
    assert len(owners) == 5
    for crawl_id in crawls:
        assert owners[(await house.status(crawl_id))["snapshot_id"]] == str(crawl_id)


async def test_a_caller_does_not_wait_for_a_provider_that_hangs_and_the_order_goes_on(house: House) -> None:
    crawl_id = await house.trigger("ready_after:60,fault:hang=0.5")
    sending = Submissions(house.worker("submit"))
    async with sending.open():
        await sending.submit(await house.take(crawl_id), wait_seconds=0.05)
        answered = await house.status(crawl_id)
        async with asyncio.timeout(10):
            while (await house.status(crawl_id))["snapshot_id"] is None:  # noqa: ASYNC110  # the row says when
                await asyncio.sleep(0.02)

    assert answered["snapshot_id"] is None
    assert len(await house.bought()) == house.calls("trigger") == 1


async def hang_longer_than_patience(house: House, monkeypatch: pytest.MonkeyPatch) -> UUID:
    monkeypatch.setattr(provider_client, "ANSWER_SECONDS", 0.1)
    crawl_id = await house.submitted("ready_after:60,fault:hang=0.6@1")
    await again(house)
    async with asyncio.timeout(10):
        while not await house.bought():  # noqa: ASYNC110  # the provider says when
            await asyncio.sleep(0.02)
    await again(house)
    return crawl_id


async def test_an_order_that_is_taken_long_after_its_answer_was_given_up_is_adopted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl_id = await hang_longer_than_patience(house, monkeypatch)

    (bought,) = await house.bought()
    assert (await house.status(crawl_id))["snapshot_id"] == bought["snapshot_id"]
    assert house.calls("trigger") == 1


async def test_without_time_to_show_up_the_same_order_would_be_bought_twice(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.adjust(settle=0.0)

    await hang_longer_than_patience(house, monkeypatch)

    assert house.calls("trigger") == 2


async def test_the_time_to_show_up_starts_when_the_answer_is_given_up_not_when_the_order_left(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider_client, "ANSWER_SECONDS", 0.6)
    house.adjust(settle=0.6)
    await house.submitted("ready_after:60,fault:hang=5@1")

    await again(house)

    assert house.calls("trigger") == 1


async def test_an_interrupted_order_has_its_whole_time_to_show_up(house: House) -> None:
    crawl_id = await house.trigger("ready_after:60,fault:hang=0.3@1")
    stop = asyncio.Event()
    working = asyncio.create_task(house.worker("submit").drain(stop))
    async with asyncio.timeout(10):
        while not house.calls("trigger"):  # noqa: ASYNC110  # the provider says when
            await asyncio.sleep(0.01)
    sent_at = (await house.crawl(crawl_id))["submitted_at"]

    stop.set()
    await working

    job = await house.job(crawl_id)
    assert (job["state"], job["tries"]) == ("ready", 0)
    assert (await house.crawl(crawl_id))["submitted_at"] > sent_at


async def test_an_order_that_never_arrived_is_sent_again_only_after_its_time_and_a_look_up(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,fault:trigger.reset@1")
    for _ in range(3):
        await again(house)
    before = house.calls("trigger"), house.calls("list")

    await age(house, crawl_id)
    await again(house)

    (bought,) = await house.bought()
    assert before == (1, 3)
    assert (house.calls("trigger"), house.calls("list")) == (2, 4)
    assert (await house.status(crawl_id))["snapshot_id"] == bought["snapshot_id"]


async def test_an_order_that_shows_up_late_is_adopted_however_old_it_is(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,hidden_for:30,fault:drop@1")
    await again(house)
    hidden = await house.status(crawl_id)

    house.clock.ahead = 31
    await age(house, crawl_id, 200)
    await again(house)

    assert hidden["snapshot_id"] is None
    assert (await house.status(crawl_id))["snapshot_id"] is not None
    assert house.calls("trigger") == 1


async def test_a_look_up_that_fails_decides_nothing(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,fault:trigger.reset@1")
    await age(house, crawl_id)
    house.script("fault:list.503", times=None)
    for _ in range(3):
        await again(house)
    assert house.calls("trigger") == 1

    house.unscript()
    await again(house)

    assert house.calls("trigger") == 2
    assert (await house.job(crawl_id))["tries"] == 0
