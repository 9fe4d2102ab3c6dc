"""The queue of polls can be paused: no provider is asked, and no crawl fails by that."""

import pytest

from services.jobs.commanding.pause_queue import pause_queue
from services.jobs.commanding.resume_queue import resume_queue
from tests.flow.crawling.rig import House


@pytest.mark.parametrize("queue", ["poll", None])
async def test_while_polling_is_paused_no_provider_is_asked(house: House, queue: str | None) -> None:
    crawl_id, database = await house.submitted("ready_after:0"), house.context.database
    await pause_queue(queue, known=["poll"], database=database)

    await house.poll()

    status = await house.status(crawl_id)
    assert house.calls("progress") == 0
    assert status["background_processing"]["polling_active"] is False
    assert status["waiting_for"]["reason"].startswith("queue poll is paused")
    await resume_queue(queue, known=["poll"], database=database)
    assert (await house.finish(crawl_id))["pipeline_status"] == "completed"


async def test_a_long_pause_of_polling_is_no_lack_of_headway(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")
    await house.poll()
    await house.sql(
        "UPDATE polls SET answered_at = now() - interval '5 hours', moved_at = now() - interval '5 hours',"
        " started_at = now() - interval '6 hours'"
    )

    await house.poll()

    assert (await house.status(crawl_id))["pipeline_status"] == "waiting_for_brightdata"


async def test_control_a_provider_that_was_asked_all_the_time_has_stalled(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600")
    await house.poll()
    await house.sql("UPDATE polls SET moved_at = now() - interval '5 hours', started_at = now() - interval '6 hours'")

    await house.poll()

    assert (await house.status(crawl_id))["error"]["code"] == "PROVIDER_STALLED"


async def test_control_a_crawl_that_is_not_paused_is_asked_about(house: House) -> None:
    await house.submitted("ready_after:0")

    await house.poll()

    assert house.calls("progress") == 1
