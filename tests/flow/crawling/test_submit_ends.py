"""Orders that are refused, too late, or whose sender dies: told once, bought at most once."""

from contextlib import suppress
from typing import Any

import pytest

from services.crawling.governed import Governed
from services.crawling.providers import bright_data
from services.crawling.submit_crawl import submit_crawl
from tests.flow.crawling.commands import retry
from tests.flow.crawling.orders import again, age, expire, submit_and_die, use
from tests.flow.crawling.rig import House


@pytest.mark.parametrize(
    ("sim", "order", "code"),
    [
        ("", {"dataset_id": "no_such"}, "PROVIDER_REJECTED"),
        ("", {"url": None, "inputs": [{"name": "x"}]}, "PROVIDER_REJECTED"),
        ("fault:trigger.401", {}, "PROVIDER_AUTH"),
        ("fault:trigger.403", {}, "PROVIDER_AUTH"),
    ],
)
async def test_a_definite_refusal_ends_the_crawl_at_once(
    house: House, sim: str, order: dict[str, Any], code: str
) -> None:
    crawl_id = await house.submitted(sim, order=order)

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"], failure["attempt"]) == (code, "trigger", 1)
    assert failure["recovery"]
    assert await house.bought() == []
    assert (house.calls("trigger"), house.calls("list")) == (1, 0)


async def test_while_nobody_listens_the_order_is_tried_again_and_goes_out_once_the_provider_is_up(
    house: House, unused_tcp_port: int
) -> None:
    up = house.context.providers["bright_data"]
    closed = bright_data.build(house.runtime.settings, house.runtime.session, url=f"http://127.0.0.1:{unused_tcp_port}")
    use(house, Governed(closed, up.governor))
    crawl_id = await house.submitted("ready_after:60")
    await again(house)
    down = await house.status(crawl_id)

    use(house, up)
    await again(house)

    assert (down["pipeline_status"], down["error"]) == ("submitting", None)
    assert (await house.status(crawl_id))["snapshot_id"] is not None
    assert len(await house.bought()) == house.calls("trigger") == 1
    assert house.calls("list") == 0  # nothing was sent, so nothing had to be looked up


async def test_an_order_outlasts_an_outage_of_its_provider(house: House, unused_tcp_port: int) -> None:
    up = house.context.providers["bright_data"]
    closed = bright_data.build(house.runtime.settings, house.runtime.session, url=f"http://127.0.0.1:{unused_tcp_port}")
    use(house, Governed(closed, up.governor))
    crawl_id = await house.submitted()
    for _ in range(12):
        assert await house.ends(crawl_id) == []
        await again(house)
    waiting = (await house.status(crawl_id))["waiting_for"]
    await expire(house, crawl_id)
    await again(house)

    assert waiting["reason"] == "the order is sent again at next_try"
    assert waiting["last_error"]
    assert waiting["next_try"] is not None
    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("DEADLINE_EXCEEDED", "trigger")


@pytest.mark.parametrize("look_up", ["works", "fails"])
async def test_an_order_still_unknown_at_the_deadline_is_told_as_unknown_and_not_sent_again(
    house: House, look_up: str
) -> None:
    crawl_id = await house.submitted("ready_after:60,fault:trigger.reset@1")
    await age(house, crawl_id)
    await expire(house, crawl_id)
    if look_up == "fails":
        house.script("fault:list.503", times=None)

    await again(house)

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("SUBMIT_UNKNOWN", "trigger")
    assert house.calls("trigger") == 1


async def test_an_order_found_at_the_deadline_is_adopted_all_the_same(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,fault:drop@1")
    await expire(house, crawl_id)

    await again(house)

    assert (await house.status(crawl_id))["snapshot_id"] is not None


async def test_a_retry_of_an_unknown_order_looks_it_up_before_it_buys(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,hidden_for:30,fault:drop@1")
    await expire(house, crawl_id)
    await again(house)
    house.clock.ahead = 31

    attempt = await retry(house, crawl_id)
    await house.work("submit")

    assert attempt == 2
    assert (await house.status(crawl_id))["snapshot_id"] is not None
    assert house.calls("trigger") == 1


async def test_an_order_that_could_not_be_sent_in_its_time_is_not_sent_any_more(house: House) -> None:
    crawl_id = await house.trigger()
    await expire(house, crawl_id)

    await house.work("submit")

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("DEADLINE_EXCEEDED", "trigger")
    assert house.calls("trigger") == 0


async def test_a_death_between_intent_and_sending_is_looked_up_and_sent_when_its_time_is_over(house: House) -> None:
    crawl_id = await house.trigger("ready_after:60")
    await submit_and_die(house, crawl_id, sends=False)
    await again(house)
    assert (house.calls("trigger"), house.calls("list")) == (0, 1)

    await age(house, crawl_id)
    await again(house)

    assert len(await house.bought()) == house.calls("trigger") == 1
    assert (await house.status(crawl_id))["snapshot_id"] is not None


async def test_a_death_after_sending_buys_nothing_more(house: House) -> None:
    crawl_id = await house.trigger("ready_after:60")
    await submit_and_die(house, crawl_id, sends=True)

    await age(house, crawl_id)
    await again(house)

    (bought,) = await house.bought()
    assert (await house.status(crawl_id))["snapshot_id"] == bought["snapshot_id"]
    assert house.calls("trigger") == 1


async def test_who_lost_the_job_before_sending_sends_nothing(house: House) -> None:
    crawl_id, context = await house.trigger(), house.context
    stale = await house.take(crawl_id)
    await house.end_leases()

    with suppress(Exception):
        await submit_crawl(stale, database=context.database, providers=context.providers, policy=context.policy)

    assert house.calls("trigger") == 0
