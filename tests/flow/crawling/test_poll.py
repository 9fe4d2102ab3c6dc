"""Crawls wait as rows: what the provider says moves them on, ends them, or changes nothing."""

import asyncio

import pytest

from services.crawling.download_crawl import download_crawl
from services.crawling.governor import Governed, Governor
from services.crawling.poll_crawls import Poller
from services.crawling.provider_problems import ProviderRateLimited
from services.crawling.providers import bright_data
from services.crawling.store import polls
from tests.flow.crawling.rig import TENANT, House


async def phase(house: House, crawl_id: object) -> str:
    status = await house.status(crawl_id)  # type: ignore[arg-type]
    return f"{status['pipeline_status']} {status['background_processing']['polling_state']}"


async def test_a_crawl_waits_until_its_provider_is_ready_and_every_answer_counts(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,status:digesting,records:3")
    fresh = await phase(house, crawl_id)
    for _ in range(3):
        await house.poll()
    waiting = await house.status(crawl_id)

    house.clock.ahead = 61
    await house.poll()

    ready = await house.status(crawl_id)
    assert fresh == "waiting_for_brightdata STARTED"
    assert waiting["brightdata_status"] == "digesting"
    assert waiting["background_processing"]["poll_count"] == house.calls("progress") - 1 == 3
    assert (ready["pipeline_status"], ready["ready_for_download"]) == ("downloading", True)
    assert ready["background_processing"]["polling_state"] == "READY"
    assert ready["background_processing"]["polling_active"] is False
    assert ready["background_processing"]["poll_count"] == 4


async def test_polls_leave_no_trace_in_the_timeline_and_cost_no_try(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60")
    before = await house.rows("SELECT type FROM job_events WHERE job_id = $1", crawl_id)
    for _ in range(5):
        await house.poll()

    assert await house.rows("SELECT type FROM job_events WHERE job_id = $1", crawl_id) == before
    job = await house.job(crawl_id)
    assert (job["tries"], job["claims"], job["attempt"]) == (0, 0, 1)


async def test_a_crawl_is_asked_again_only_when_it_is_due(house: House) -> None:
    await house.submitted("ready_after:60")

    for _ in range(3):
        await house.poller().run(house.stop, horizon=0.0)

    assert house.calls("progress") == 0


async def test_one_process_asks_about_hundreds_in_one_go(house: House) -> None:
    crawls = [await house.trigger("ready_after:60,records:1") for _ in range(200)]
    await house.work("submit")

    await house.poll()

    assert house.calls("progress") == 200
    assert {await phase(house, crawl_id) for crawl_id in crawls} == {"waiting_for_brightdata POLLING"}


async def test_polling_that_takes_too_long_ends_the_crawl_and_watches_on(house: House) -> None:
    house.adjust(max_polls=3)
    crawl_id = await house.submitted("ready_after:3600,status:running,records:4")
    for _ in range(3):
        await house.poll()

    failure, status = await house.failure(crawl_id), await house.status(crawl_id)
    assert (failure["code"], failure["stage"]) == ("DEADLINE_EXCEEDED", "polling_timeout")
    assert failure["error"].startswith("Polling timeout after 3 polls")
    assert status["background_processing"]["polling_state"] == "TIMEOUT"
    assert status["background_processing"]["polling_active"] is False
    assert status["background_processing"]["poll_count"] == 3
    assert (status["brightdata_status"], status["ready_for_download"]) == ("running", False)


async def test_a_snapshot_that_gets_ready_after_its_timeout_is_offered_and_downloaded_without_buying(
    house: House,
) -> None:
    house.adjust(max_polls=1)
    crawl_id = await house.submitted("ready_after:3600,records:4")
    await house.poll()
    house.clock.ahead = 3601

    await house.poll()
    offered = await house.status(crawl_id)
    attempt = await download_crawl(
        crawl_id,
        tenant=TENANT,
        database=house.context.database,
        providers=house.context.providers,
        policy=house.context.policy,
    )
    done = await house.finish(crawl_id)

    assert (offered["pipeline_status"], offered["ready_for_download"]) == ("failed", True)
    assert "download" in offered["commands"]
    assert (attempt, done["pipeline_status"], done["result"]["row_count"]) == (2, "completed", 4)
    assert await house.ends(crawl_id) == [("crawl.failed", 1), ("data.ingestion.completed", 2)]
    assert len(await house.bought()) == 1


async def test_a_watched_snapshot_that_dies_is_not_offered_any_more(house: House) -> None:
    house.adjust(max_polls=1)
    crawl_id = await house.submitted("ready_after:3600")
    await house.poll()
    house.amend((await house.status(crawl_id))["snapshot_id"], "ready_after:0,failed:Customer is not active")

    await house.poll()

    status = await house.status(crawl_id)
    assert (status["ready_for_download"], status["commands"]) == (False, ["retry-background"])
    assert await house.ends(crawl_id) == [("crawl.failed", 1)]


async def test_no_headway_for_too_long_ends_the_crawl(house: House) -> None:
    crawl_id = await house.submitted("ready_after:never")
    await house.poll()
    await house.sql("UPDATE polls SET moved_at = now() - interval '2 hours'")

    await house.poll()

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == ("PROVIDER_STALLED", "polling_timeout")


@pytest.mark.parametrize(
    ("sim", "code", "text"),
    [
        ("ready_after:0,failed:Account%20is%20suspended", "PROVIDER_JOB_FAILED", "Account is suspended"),
        ("fault:progress.410", "RESULT_EXPIRED", "expired"),
        ("fault:progress.401", "PROVIDER_AUTH", "Auth method is not supported"),
    ],
)
async def test_what_the_provider_ends_is_over_with_its_own_words(house: House, sim: str, code: str, text: str) -> None:
    crawl_id = await house.submitted(sim)

    await house.poll()

    failure = await house.failure(crawl_id)
    assert (failure["code"], failure["stage"]) == (code, "download" if code == "RESULT_EXPIRED" else "provider")
    assert text in failure["error"]


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


async def test_without_polling_only_a_manual_download_is_left(house: House) -> None:
    house.adjust(polling_enabled=False)
    crawl_id = await house.submitted("ready_after:0,records:2")
    await house.poll()
    waiting = await house.status(crawl_id)

    await download_crawl(
        crawl_id,
        tenant=TENANT,
        database=house.context.database,
        providers=house.context.providers,
        policy=house.context.policy,
    )
    done = await house.finish(crawl_id)

    assert waiting["background_processing"]["polling_active"] is False
    assert waiting["commands"] == ["cancel", "download"]
    assert (done["pipeline_status"], done["attempt"]) == ("completed", 1)
    assert house.calls("progress") == 1


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
