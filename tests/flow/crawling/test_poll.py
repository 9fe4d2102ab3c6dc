"""Crawls wait as rows: what the provider says moves them on, ends them, or changes nothing."""

import pytest

from tests.flow.crawling.commands import download
from tests.flow.crawling.rig import House


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
    attempt = await download(house, crawl_id)
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


async def test_without_polling_only_a_manual_download_is_left(house: House) -> None:
    house.adjust(polling_enabled=False)
    crawl_id = await house.submitted("ready_after:0,records:2")
    await house.poll()
    waiting = await house.status(crawl_id)

    await download(house, crawl_id)
    done = await house.finish(crawl_id)

    assert waiting["background_processing"]["polling_active"] is False
    assert waiting["commands"] == ["cancel", "download", "pause"]
    assert (done["pipeline_status"], done["attempt"]) == ("completed", 1)
    assert house.calls("progress") == 1
