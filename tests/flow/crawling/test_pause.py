"""A crawl can be put aside wherever it is: nobody asks, nothing is bought twice, and it goes on where it was."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.crawling.accept_webhook import accept_webhook
from services.crawling.phase import IllegalCommand
from services.crawling.polling.settle import settle_poll
from services.crawling.polling.verdict import Ready
from services.crawling.ports import Progress
from services.crawling.store import polls
from services.crawling.submit_crawl import submit_crawl
from services.jobs.commanding.cancel_job import cancel_job
from services.jobs.commanding.enforce_wishes import enforce_wishes
from services.jobs.commanding.pause_job import pause_job
from services.jobs.commanding.resume_job import resume_job
from services.jobs.commanding.retry_job import retry_job
from services.jobs.engine.settle import LeaseLost, hold, settle
from services.jobs.kinds import Kinds, kinds
from tests.flow.crawling.commands import cancel, pause, resume
from tests.flow.crawling.orders import age
from tests.flow.crawling.rig import TENANT, House


async def is_paused(house: House, crawl_id: UUID) -> None:
    """Paused, and nothing that is still to come changes that."""
    asked = house.calls("progress"), house.calls("trigger"), house.calls("snapshot")
    for _ in range(2):
        await house.hurry()
        await house.poll()
        await house.work("submit", "store", "load", "cancel")
    status = await house.status(crawl_id)
    assert (house.calls("progress"), house.calls("trigger"), house.calls("snapshot")) == asked
    assert (status["pipeline_status"], status["background_processing"]["polling_state"]) == ("paused", "PAUSED")
    assert status["background_processing"]["polling_active"] is False
    assert set(status["commands"]) == {"cancel", "resume"}
    assert status["waiting_for"]["reason"].startswith("somebody paused")
    assert await house.ends(crawl_id) == []


async def goes_on(house: House, crawl_id: UUID) -> None:
    """Resumed, it completes with one purchase."""
    await resume(house, crawl_id)
    status = await house.finish(crawl_id)
    assert status["pipeline_status"] == "completed"
    assert len(await house.bought()) == 1
    assert await house.ends(crawl_id) == [("data.ingestion.completed", 1)]


def known(house: House) -> Kinds:
    return house.runtime.once(kinds)


async def test_before_anything_was_sent_nothing_is_bought_until_it_is_resumed(house: House) -> None:
    crawl_id = await house.trigger()

    await pause(house, crawl_id)

    await is_paused(house, crawl_id)
    assert house.calls("trigger") == 0
    await goes_on(house, crawl_id)


async def test_a_waiting_crawl_is_not_asked_about_and_goes_on_at_once(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0")

    await pause(house, crawl_id)

    await is_paused(house, crawl_id)
    await goes_on(house, crawl_id)


async def test_a_hint_of_the_provider_does_not_wake_a_paused_crawl(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0")
    await pause(house, crawl_id)

    snapshot_id = (await house.status(crawl_id))["snapshot_id"]
    await accept_webhook(
        provider="bright_data",
        snapshot_id=snapshot_id,
        authorization="Bearer hook",
        database=house.context.database,
    )

    await is_paused(house, crawl_id)
    await goes_on(house, crawl_id)


async def test_an_answer_that_was_under_way_moves_no_paused_crawl(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0")
    await house.sql("UPDATE polls SET due_at = now()")
    async with house.runtime.database.transaction() as tx:
        (due,) = await polls.claim(tx, limit=1, resting=[], lease_seconds=60)

    await pause(house, crawl_id)
    ready = Ready(progress=Progress(state="ready", status="ready", records=3))
    await settle_poll(due, ready, database=house.context.database, policy=house.context.policy)

    await is_paused(house, crawl_id)
    await goes_on(house, crawl_id)


async def test_an_order_on_its_way_is_kept_and_waits_paused(house: House) -> None:
    crawl_id, context = await house.trigger("ready_after:0,fault:hang=0.3"), house.context
    job = await house.take(crawl_id)
    ordering = asyncio.create_task(
        submit_crawl(job, database=context.database, providers=context.providers, policy=context.policy)
    )
    async with asyncio.timeout(10):
        while not house.calls("trigger"):  # noqa: ASYNC110  # the provider says when
            await asyncio.sleep(0.01)
    await pause(house, crawl_id)
    meanwhile = await house.status(crawl_id)
    await settle(context.database, job, await ordering)

    assert (meanwhile["pipeline_status"], meanwhile["pause_requested"]) == ("submitting", True)
    assert "resume" in meanwhile["commands"]
    assert [event["type"] for event in await house.events(crawl_id)] == ["crawl.triggered"]
    await is_paused(house, crawl_id)
    await goes_on(house, crawl_id)


async def test_an_order_of_unknown_fate_is_looked_up_before_the_crawl_is_paused(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,fault:drop@1")

    await pause(house, crawl_id)
    await house.hurry()
    await house.work("submit")

    assert (await house.status(crawl_id))["snapshot_id"]
    await is_paused(house, crawl_id)
    await goes_on(house, crawl_id)


async def test_an_order_that_never_arrived_is_not_sent_again_before_the_crawl_is_resumed(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,fault:trigger.reset@1")
    await pause(house, crawl_id)
    await age(house, crawl_id)
    await house.hurry()
    await house.work("submit")

    await is_paused(house, crawl_id)
    assert house.calls("trigger") == 1
    await goes_on(house, crawl_id)


async def test_a_wish_that_is_taken_back_changes_nothing(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,fault:drop@1")
    await pause(house, crawl_id)

    await goes_on(house, crawl_id)


async def test_a_store_is_interrupted_and_goes_on_with_its_next_part(house: House) -> None:
    crawl_id, context = await house.submitted("ready_after:0,records:2500"), house.context
    await house.poll()
    job = await house.take(crawl_id)
    async with house.runtime.database.transaction() as tx:
        await hold(tx, job, progress=60.0, step="downloading", cursor={"parts": 0})

    await pause(house, crawl_id)
    await enforce_wishes(kinds=known(house), database=context.database, seconds=0.0)

    async with house.runtime.database.transaction() as tx:
        with pytest.raises(LeaseLost):
            await hold(tx, job, progress=99.0, step="downloading", cursor={})
    assert (await house.status(crawl_id))["progress"] == 60.0
    await is_paused(house, crawl_id)
    await goes_on(house, crawl_id)


async def test_the_time_a_crawl_was_paused_counts_for_nothing(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")
    await house.poll()
    await pause(house, crawl_id)
    before = await house.crawl(crawl_id)
    long_ago = "now() - interval '3 days'"
    await house.sql(f"UPDATE jobs SET paused_at = {long_ago} WHERE id = $1", crawl_id)
    await house.sql(
        f"UPDATE polls SET paused_at = {long_ago}, answered_at = {long_ago}, started_at = {long_ago},"
        f" moved_at = {long_ago}"
    )

    await resume(house, crawl_id)
    await house.poll()

    status = await house.status(crawl_id)
    assert status["pipeline_status"] == "waiting_for_brightdata"
    assert (await house.crawl(crawl_id))["deadline"] - before["deadline"] >= timedelta(days=2, hours=23)


async def test_control_without_the_pause_so_much_time_is_too_much(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")
    await house.sql("UPDATE polls SET started_at = now() - interval '3 days', moved_at = now() - interval '3 days'")

    await house.poll()

    assert (await house.status(crawl_id))["pipeline_status"] == "failed"


async def test_a_paused_crawl_can_be_cancelled_and_its_provider_is_told(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")
    await pause(house, crawl_id)

    await cancel(house, crawl_id)
    await house.work("cancel")

    assert (await house.status(crawl_id))["pipeline_status"] == "cancelled"
    assert [entry["status"] for entry in await house.bought()] == ["canceled"]
    assert await house.ends(crawl_id) == [("crawl.failed", 1)]


async def test_a_crawl_that_is_being_loaded_or_has_ended_is_not_paused(house: House) -> None:
    loading = await house.stored("ready_after:0,records:1", order={"warehouse": "required"})
    completed = await house.stored("ready_after:0,records:1")

    for crawl_id in (loading, completed):
        with pytest.raises(IllegalCommand):
            await pause(house, crawl_id)
        with pytest.raises(IllegalCommand):
            await resume(house, crawl_id)


async def test_commands_of_a_crawls_job_do_what_commands_of_the_crawl_do(house: House) -> None:
    crawl_id, database = await house.submitted("ready_after:600"), house.context.database
    given: dict[str, Any] = {"tenant": TENANT, "kinds": known(house), "database": database}

    await pause_job(crawl_id, **given)
    await is_paused(house, crawl_id)
    await resume_job(crawl_id, **given)
    await house.poll()
    assert (await house.status(crawl_id))["background_processing"]["polling_state"] == "POLLING"
    await cancel_job(crawl_id, **given)
    assert (await house.failure(crawl_id))["code"] == "CANCELLED"
    await retry_job(crawl_id, room=1, **given)
    assert (await house.status(crawl_id))["attempt"] == 2
    assert len(await house.bought()) == 1
    with pytest.raises(IllegalCommand):
        await retry_job(crawl_id, room=1, **given)
