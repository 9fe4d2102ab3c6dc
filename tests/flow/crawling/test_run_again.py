"""Download and retry: a new attempt on the snapshot that was paid for; only a dead one, or a wish, buys again."""

from uuid import UUID

import pytest

from schemas.problem import Problem
from services.crawling.download_crawl import SnapshotGone, SnapshotNotReady
from services.crawling.phase import IllegalCommand
from services.crawling.provider_problems import ProviderUnavailable
from services.crawling.retry_crawl import WouldBuyAgain
from tests.flow.crawling.commands import cancel, download, retry
from tests.flow.crawling.rig import House, sha256


async def refused(house: House, crawl_id: UUID, problem: type[Problem], command: str) -> Problem:
    """The command is refused and nothing has changed."""
    before = await house.job(crawl_id), await house.crawl(crawl_id)
    with pytest.raises(problem) as told:
        await (download if command == "download" else retry)(house, crawl_id)
    assert (await house.job(crawl_id), await house.crawl(crawl_id)) == before
    return told.value


async def is_complete(house: House, crawl_id: UUID, *, attempt: int, bought: int) -> None:
    """Completed in this attempt with the bytes of the last snapshot, one terminal event an attempt."""
    status = await house.finish(crawl_id)
    entries = await house.bought()
    (last,) = [entry for entry in entries if entry["snapshot_id"] == status["snapshot_id"]]
    ends = await house.ends(crawl_id)
    assert (status["pipeline_status"], status["attempt"]) == ("completed", attempt)
    assert sha256(await house.result(crawl_id)) == last["sha256"]
    assert len(entries) == bought
    assert ends[-1] == ("data.ingestion.completed", attempt)
    assert len(ends) == len({number for _, number in ends})
    assert len({event["id"] for event in await house.events(crawl_id)}) == len(await house.events(crawl_id))


async def test_while_it_is_submitted_or_stored_neither_is_possible(house: House) -> None:
    storing = await house.submitted("ready_after:0,records:3")
    submitting = await house.trigger()
    await house.poll()

    for crawl_id in (submitting, storing):
        for command in ("download", "retry-background"):
            problem = await refused(house, crawl_id, IllegalCommand, command)
            assert problem.extra["legal"] == ["cancel", "pause"]


async def test_a_waiting_crawl_can_be_downloaded_by_hand_once_the_provider_is_ready(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,records:3")
    early = await refused(house, crawl_id, SnapshotNotReady, "download")
    house.clock.ahead = 61

    attempt = await download(house, crawl_id)

    status = await house.status(crawl_id)
    assert early.retry_after is not None
    assert early.status == 409
    assert (attempt, status["pipeline_status"]) == (1, "downloading")
    assert status["background_processing"]["polling_active"] is False
    await is_complete(house, crawl_id, attempt=1, bought=1)


async def test_a_waiting_crawl_cannot_be_retried(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60")

    problem = await refused(house, crawl_id, IllegalCommand, "retry-background")

    assert problem.extra["legal"] == ["cancel", "download", "pause"]


async def test_a_completed_crawl_can_be_downloaded_again_and_is_the_same(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")

    assert await download(house, crawl_id) == 2

    await is_complete(house, crawl_id, attempt=2, bought=1)
    assert await house.lake_names(crawl_id, 1) == await house.lake_names(crawl_id, 2)


@pytest.mark.parametrize("command", ["download", "retry-background"])
async def test_a_crawl_whose_download_failed_runs_again_on_its_snapshot(house: House, command: str) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3,fault:snapshot.html@1")
    await house.finish(crawl_id)

    attempt = await (download if command == "download" else retry)(house, crawl_id)

    assert attempt == 2
    assert (await house.status(crawl_id))["error"] is None
    await is_complete(house, crawl_id, attempt=2, bought=1)


async def test_a_timed_out_crawl_that_is_retried_waits_for_the_same_snapshot_with_a_fresh_count(house: House) -> None:
    house.adjust(max_polls=2)
    crawl_id = await house.submitted("ready_after:600,records:3")
    await house.poll()
    await house.poll()
    await retry(house, crawl_id)
    await house.poll()
    waiting = await house.status(crawl_id)
    house.clock.ahead = 601

    assert waiting["pipeline_status"] == "waiting_for_brightdata"
    await is_complete(house, crawl_id, attempt=2, bought=1)


@pytest.mark.parametrize("sim", ["failed:No%20data%20found", "fault:snapshot.expired", "fault:snapshot.410"])
async def test_a_crawl_whose_snapshot_is_dead_is_bought_again_when_it_is_retried(house: House, sim: str) -> None:
    crawl_id = await house.submitted(f"ready_after:0,records:3,{sim}")
    await house.finish(crawl_id)
    dead = await house.status(crawl_id)
    await refused(house, crawl_id, IllegalCommand, "download")
    house.script("records:3", times=None)

    await retry(house, crawl_id)
    await house.work("submit")
    again = (await house.status(crawl_id))["snapshot_id"]

    assert dead["commands"] == ["retry-background"]
    assert again not in {None, dead["snapshot_id"]}
    assert len(await house.bought()) == 2


async def test_a_cancelled_crawl_whose_snapshot_was_stopped_is_bought_again_only_on_request(house: House) -> None:
    crawl_id = await house.submitted("ready_after:600,records:3")
    await cancel(house, crawl_id)
    await house.work("cancel")
    await refused(house, crawl_id, WouldBuyAgain, "retry-background")

    assert await retry(house, crawl_id, repurchase=True) == 2
    await house.work("submit")

    assert len(await house.bought()) == 2
    house.clock.ahead = 601
    await is_complete(house, crawl_id, attempt=2, bought=2)


async def test_a_crawl_cancelled_before_it_was_bought_is_bought_once_when_retried(house: House) -> None:
    crawl_id = await house.trigger("ready_after:0,records:3")
    await cancel(house, crawl_id)

    assert await retry(house, crawl_id) == 2

    await is_complete(house, crawl_id, attempt=2, bought=1)


async def test_a_refused_order_can_be_sent_again(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3,fault:trigger.401@1")
    await house.sql("UPDATE provider_health SET open_until = NULL")
    house.context.providers["bright_data"].governor._resting_until = 0.0  # somebody mended the token

    assert await retry(house, crawl_id) == 2

    await is_complete(house, crawl_id, attempt=2, bought=1)


async def test_repurchase_buys_again_though_the_snapshot_lives(house: House) -> None:
    house.script("fault:snapshot.html", times=1)
    crawl_id = await house.submitted("ready_after:0,records:3")
    before = (await house.finish(crawl_id))["snapshot_id"]

    await retry(house, crawl_id, repurchase=True)

    await is_complete(house, crawl_id, attempt=2, bought=2)
    assert (await house.status(crawl_id))["snapshot_id"] != before


async def test_a_snapshot_that_failed_meanwhile_cannot_be_downloaded(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    house.amend((await house.status(crawl_id))["snapshot_id"], "failed:gone")

    with pytest.raises(SnapshotGone) as told:
        await download(house, crawl_id)

    assert told.value.status == 410
    assert (await house.crawl(crawl_id))["snapshot_dead"] is True
    assert (await house.status(crawl_id))["pipeline_status"] == "completed"
    assert len(await house.result(crawl_id)) > 0
    await refused(house, crawl_id, IllegalCommand, "download")


async def test_what_a_download_found_gone_can_be_bought_again(house: House) -> None:
    house.script("fault:snapshot.html", times=1)
    crawl_id = await house.submitted("ready_after:0,records:3")
    house.amend((await house.finish(crawl_id))["snapshot_id"], "failed:gone")
    with pytest.raises(SnapshotGone):
        await download(house, crawl_id)

    await refused(house, crawl_id, WouldBuyAgain, "retry-background")
    await retry(house, crawl_id, repurchase=True)

    await is_complete(house, crawl_id, attempt=2, bought=2)


async def test_a_waiting_crawl_whose_snapshot_a_download_found_gone_still_fails_by_itself(house: House) -> None:
    crawl_id = await house.submitted("ready_after:60,records:3")
    house.amend((await house.status(crawl_id))["snapshot_id"], "failed:gone")
    house.clock.ahead = 61
    with pytest.raises(SnapshotGone):
        await download(house, crawl_id)

    status = await house.finish(crawl_id)

    assert status["pipeline_status"] == "failed"
    assert await house.ends(crawl_id) == [("crawl.failed", 1)]


async def test_a_download_while_the_provider_is_down_changes_nothing(house: House) -> None:
    crawl_id = await house.stored("ready_after:0,records:3")
    house.amend((await house.status(crawl_id))["snapshot_id"], "fault:progress.503")

    await refused(house, crawl_id, ProviderUnavailable, "download")


async def test_an_attempt_that_fails_again_is_told_again(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3,fault:snapshot.html")
    for attempt in (1, 2, 3):
        await house.finish(crawl_id)
        assert await house.ends(crawl_id) == [("crawl.failed", number + 1) for number in range(attempt)]
        await retry(house, crawl_id)

    assert len(await house.bought()) == 1
