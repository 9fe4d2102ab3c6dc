"""Polls that are refused, not answered, answered too late or in odd words."""

import asyncio

import pytest

from services.crawling.governed import Governed
from services.crawling.governor import Governor
from services.crawling.poll_crawls import Poller
from services.crawling.provider_problems import ProviderRateLimited
from services.crawling.providers import bright_data
from services.crawling.store import polls
from tests.flow.crawling.rig import House


async def test_words_that_a_database_cannot_keep_stop_nobody(house: House) -> None:
    odd = await house.submitted("ready_after:60,status:a%00b")
    worse = await house.submitted("ready_after:0,failed:bro%00ken")
    good = await house.submitted("ready_after:0,records:1")

    await house.poll()

    assert (await house.status(odd))["brightdata_status"].startswith("a")
    assert (await house.failure(worse))["error"].startswith("bro")
    assert (await house.status(good))["pipeline_status"] == "downloading"


async def test_a_snapshot_nobody_knows_yet_is_tolerated_for_a_minute_and_then_is_not(house: House) -> None:
    crawl_id = await house.submitted("hidden_for:3600,ready_after:0")
    for _ in range(3):
        await house.poll()
    early = await house.status(crawl_id)
    await house.sql("UPDATE polls SET started_at = now() - interval '61 s'")

    await house.poll()

    failure = await house.failure(crawl_id)
    assert early["pipeline_status"] == "waiting_for_brightdata"
    assert early["background_processing"]["poll_count"] == 0
    assert (failure["code"], failure["stage"]) == ("PROVIDER_JOB_FAILED", "provider")


async def test_a_snapshot_that_is_found_late_goes_on_as_if_nothing_had_been(house: House) -> None:
    crawl_id = await house.submitted("hidden_for:30,ready_after:0,records:2")
    await house.poll()
    house.clock.ahead = 31

    assert (await house.finish(crawl_id))["pipeline_status"] == "completed"


@pytest.mark.parametrize("fault", ["500", "502", "reset", "html", "garbage", "empty_body"])
async def test_a_poll_without_a_sensible_answer_is_asked_again_later(house: House, fault: str) -> None:
    crawl_id = await house.submitted(f"ready_after:0,records:1,fault:progress.{fault}@2")
    await house.poll()
    (missed,) = await house.rows("SELECT misses, answered FROM polls")

    assert (missed["misses"], missed["answered"]) == (1, 0)
    assert (await house.finish(crawl_id))["pipeline_status"] == "completed"


async def test_refusals_make_the_crawl_wait_as_told_and_count_as_nothing(house: House) -> None:
    await house.submitted("ready_after:60,fault:progress.429=40@1")

    await house.poll()

    (row,) = await house.rows("SELECT answered, misses, due_at - now() AS rest FROM polls")
    assert (row["answered"], row["misses"]) == (0, 0)
    assert 38 < row["rest"].total_seconds() < 45


async def test_refusals_without_end_are_over_at_the_deadline(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,fault:progress.429=1")
    await house.sql("UPDATE polls SET started_at = now() - interval '25 hours'")

    await house.poll()

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("PROVIDER_RATE_LIMITED", "provider")


async def test_a_late_answer_to_a_claim_that_was_lost_changes_nothing(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:2")
    await house.sql("UPDATE polls SET due_at = now()")
    async with house.runtime.database.transaction() as tx:
        (stale,) = await polls.claim(tx, limit=10, resting=[], lease_seconds=0.0)
    await house.poll()
    before = await house.status(crawl_id)

    async with house.runtime.database.transaction() as tx:
        await polls.record(tx, [polls.Note(due=stale, seconds=0, answered=1, status="late")])
        finished = await polls.finish(tx, stale, status="late")

    assert not finished
    assert (await house.status(crawl_id))["brightdata_status"] == before["brightdata_status"] == "ready"


async def test_a_poller_that_is_stopped_leaves_what_it_asked_to_the_next(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,fault:progress.slow_headers@1")
    await house.sql("UPDATE polls SET due_at = now()")
    stop = asyncio.Event()
    poller: Poller = house.poller()
    running = asyncio.create_task(poller.run(stop))
    async with asyncio.timeout(10):
        while not house.calls("progress"):  # noqa: ASYNC110  # the provider says when
            await asyncio.sleep(0.01)

    stop.set()
    await running
    await house.poller().run(house.stop, horizon=0.0)

    assert (await house.status(crawl_id))["background_processing"]["poll_count"] == 1


async def test_a_resting_provider_is_not_asked_by_any_process(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0")
    settings, runtime = house.runtime.settings, house.runtime
    governor = Governor("bright_data", runtime.database, per_second=1e6, concurrency=10)
    for _ in range(5):
        governor._resting_until = 0.0
        with pytest.raises(ProviderRateLimited):
            async with governor.turn():
                raise ProviderRateLimited("429")

    house.replace(
        providers={
            "bright_data": Governed(
                bright_data.build(settings, runtime.session),
                Governor("bright_data", runtime.database, per_second=1e6, concurrency=10),
            )
        }
    )
    await house.sql("UPDATE polls SET due_at = now()")
    stop = asyncio.Event()
    running = asyncio.create_task(house.poller().run(stop))
    await asyncio.sleep(0.2)
    stop.set()
    await running

    assert house.calls("progress") == 0
    assert (await house.status(crawl_id))["pipeline_status"] == "waiting_for_brightdata"
