"""A crawl can be cancelled wherever it is: one terminal event, nothing bought afterwards, the provider told."""

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import pytest

from services.crawling.face.submissions import Submissions
from services.crawling.phase import CrawlNotFound, IllegalCommand
from services.crawling.polling.settle import settle_poll
from services.crawling.polling.verdict import Ready
from services.crawling.ports import Progress
from services.crawling.store import polls
from services.crawling.store_snapshot import store_snapshot
from services.crawling.submit_crawl import submit_crawl
from services.jobs.engine.settle import LeaseLost, settle
from tests.flow.crawling.commands import cancel
from tests.flow.crawling.orders import age
from tests.flow.crawling.rig import TENANT, House


async def is_cancelled(house: House, crawl_id: UUID) -> None:
    """Cancelled, told once, and nothing that is still to come changes that."""
    for _ in range(2):
        await house.hurry()
        await house.work("submit", "store", "load", "cancel")
        await house.poll()
    status = await house.status(crawl_id)
    failure = await house.failure(crawl_id)
    assert status["pipeline_status"] == "cancelled"
    assert status["background_processing"]["polling_state"] == "CANCELLED"
    assert status["background_processing"]["polling_active"] is False
    assert (failure["code"], failure["stage"], failure["attempt"]) == ("CANCELLED", "cancelled", 1)
    assert status["error"]["stage"] == failure["stage"]
    assert status["error"]["recovery"] == failure["recovery"]


async def provider_says(house: House) -> list[str]:
    return [entry["status"] for entry in await house.bought()]


async def test_before_anything_was_sent_nothing_is_bought(house: House) -> None:
    crawl_id = await house.trigger()

    await cancel(house, crawl_id)

    await is_cancelled(house, crawl_id)
    assert house.calls("trigger") == 0


async def test_while_the_order_is_being_sent_its_snapshot_is_adopted_and_stopped(house: House) -> None:
    crawl_id = await house.trigger("ready_after:600,fault:hang=0.3")
    sending = Submissions(house.worker("submit"))
    async with sending.open():
        await sending.submit(await house.take(crawl_id), wait_seconds=0.0)
        async with asyncio.timeout(10):
            while not house.calls("trigger"):  # noqa: ASYNC110  # the provider says when
                await asyncio.sleep(0.01)
        await cancel(house, crawl_id)
        meanwhile = await house.status(crawl_id)
        async with asyncio.timeout(10):
            while (await house.status(crawl_id))["pipeline_status"] == "submitting":  # noqa: ASYNC110  # the row says
                await asyncio.sleep(0.02)

    assert (meanwhile["pipeline_status"], await house.ends(crawl_id)) == ("submitting", [("crawl.failed", 1)])
    await is_cancelled(house, crawl_id)
    assert await provider_says(house) == ["canceled"]
    assert [event["type"] for event in await house.events(crawl_id)] == ["crawl.triggered", "crawl.failed"]


async def test_an_order_of_unknown_fate_is_looked_up_adopted_and_stopped(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600,fault:drop@1")

    await cancel(house, crawl_id)
    assert await house.ends(crawl_id) == []

    await is_cancelled(house, crawl_id)
    assert await provider_says(house) == ["canceled"]
    assert house.calls("trigger") == 1


async def test_an_order_that_never_arrived_is_not_sent_again(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600,fault:trigger.reset@1")
    await cancel(house, crawl_id)
    await house.hurry()
    await house.work("submit")
    still_unknown = await house.status(crawl_id)

    await age(house, crawl_id)

    assert still_unknown["pipeline_status"] == "submitting"
    await is_cancelled(house, crawl_id)
    assert house.calls("trigger") == 1


async def test_a_wish_that_comes_after_the_claim_is_heard_before_anything_is_sent_again(house: House) -> None:
    crawl_id, context = await house.submitted("ready_after:600,fault:trigger.reset@1"), house.context
    await age(house, crawl_id)
    await house.hurry()
    job = await house.take(crawl_id)
    await cancel(house, crawl_id)

    outcome = await submit_crawl(job, database=context.database, providers=context.providers, policy=context.policy)
    await settle(context.database, job, outcome)

    await is_cancelled(house, crawl_id)
    assert house.calls("trigger") == 1


async def test_an_order_the_provider_refuses_after_the_wish_ends_once(house: House) -> None:
    crawl_id, context = await house.trigger("fault:trigger.500@1,fault:trigger.401"), house.context
    job = await house.take(crawl_id)
    await cancel(house, crawl_id)
    with suppress(Exception):
        await submit_crawl(job, database=context.database, providers=context.providers, policy=context.policy)
    await house.end_leases()
    await house.work("submit")

    assert await house.ends(crawl_id) == [("crawl.failed", 1)]


async def test_a_waiting_crawl_is_cancelled_at_once_and_its_provider_told(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")

    await cancel(house, crawl_id)

    at_once = await house.status(crawl_id)
    assert at_once["pipeline_status"] == "cancelled"
    await is_cancelled(house, crawl_id)
    assert await provider_says(house) == ["canceled"]
    assert house.calls("progress") == 0


async def test_a_provider_that_does_not_hear_is_told_again_and_the_crawl_is_cancelled_anyway(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600,fault:cancel.503@1")
    await cancel(house, crawl_id)
    await house.work("cancel")
    deaf = await provider_says(house)

    await is_cancelled(house, crawl_id)

    assert deaf != ["canceled"]
    assert await provider_says(house) == ["canceled"]


async def test_a_result_that_waits_to_be_stored_is_not_stored(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3")
    await house.poll()

    await cancel(house, crawl_id)

    await is_cancelled(house, crawl_id)
    assert house.calls("snapshot") == 0
    assert await house.lake_names(crawl_id) == []


async def test_a_store_that_finishes_too_late_completes_nothing(house: House) -> None:
    crawl_id, context = await house.submitted("ready_after:0,records:3"), house.context
    await house.poll()
    job = await house.take(crawl_id)
    outcome = await store_snapshot(
        job, database=context.database, lake=context.lake, providers=context.providers, policy=context.policy
    )

    await cancel(house, crawl_id)
    with pytest.raises(LeaseLost):
        await settle(context.database, job, outcome)

    await is_cancelled(house, crawl_id)
    assert await house.visible(crawl_id) == []


async def test_a_store_that_is_cancelled_half_way_stops_at_its_next_part(house: House) -> None:
    crawl_id, context = await house.submitted("ready_after:0,records:2500"), house.context
    await house.poll()
    job = await house.take(crawl_id)

    await cancel(house, crawl_id)
    with pytest.raises(LeaseLost):
        await store_snapshot(
            job, database=context.database, lake=context.lake, providers=context.providers, policy=context.policy
        )

    await is_cancelled(house, crawl_id)
    assert house.calls("snapshot") == 1


async def test_a_poll_that_was_answered_too_late_changes_nothing(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3")
    await house.sql("UPDATE polls SET due_at = now()")
    async with house.runtime.database.transaction() as tx:
        (due,) = await polls.claim(tx, limit=1, resting=[], lease_seconds=60)

    await cancel(house, crawl_id)
    ready = Ready(progress=Progress(state="ready", status="ready", records=3))
    await settle_poll(due, ready, database=house.context.database, policy=house.context.policy)

    await is_cancelled(house, crawl_id)
    assert (await house.status(crawl_id))["ready_for_download"] is False


async def test_a_crawl_that_is_being_loaded_and_one_that_has_ended_say_what_is_legal(house: House) -> None:
    loading = await house.stored("ready_after:0,records:1", order={"warehouse": "required"})
    completed = await house.stored("ready_after:0,records:1")
    failed = await house.submitted("fault:trigger.401")
    cancelled = await house.trigger()
    await cancel(house, cancelled)

    for crawl_id, legal in (
        (loading, []),
        (completed, ["retry-background", "download"]),
        (failed, ["retry-background"]),
        (cancelled, ["retry-background"]),
    ):
        told = await house.ends(crawl_id)
        with pytest.raises(IllegalCommand) as refused:
            await cancel(house, crawl_id)
        assert refused.value.extra["legal"] == legal
        assert await house.ends(crawl_id) == told


async def test_of_many_cancellations_one_wins(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")

    ended = await asyncio.gather(*(cancel(house, crawl_id) for _ in range(10)), return_exceptions=True)

    assert sum(one is None for one in ended) == 1
    assert sum(isinstance(one, IllegalCommand) for one in ended) == 9
    await is_cancelled(house, crawl_id)


async def test_nobody_cancels_what_is_not_theirs_or_not_there(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")

    for wanted, tenant in ((crawl_id, "other"), (uuid4(), TENANT)):
        with pytest.raises(CrawlNotFound):
            await cancel(house, wanted, tenant=tenant)

    assert (await house.status(crawl_id))["pipeline_status"] == "waiting_for_brightdata"
