"""What Bright Data says about a snapshot, and what it means."""

import json
from typing import Any

import aiohttp
import pytest

from schemas.problem import Problem
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderRateLimited,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
)
from services.crawling.providers.bright_data.provider import BrightData
from tests.contract.providers.rig import answering, order, provider, says


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"status": "starting"}, "pending"),
        ({"status": "closing", "running_time": 12652}, "pending"),
        ({"status": "some new word"}, "pending"),
        ({"status": "ready", "records": 10, "errors": 1}, "ready"),
        ({"status": "failed", "error_message": "Account is suspended"}, "failed"),
        ({"status": "failed", "error_message": "Snapshot is empty"}, "ready"),
        ({"status": "canceled", "error_codes": {"aborted_page": 1}}, "failed"),
        ({"status": "cancelled"}, "failed"),
        ({"status": "error"}, "failed"),
    ],
)
async def test_every_status_word_has_a_meaning_and_stays_as_it_is(
    session: aiohttp.ClientSession, body: dict[str, Any], state: str
) -> None:
    async with answering(says(200, json.dumps(body), Retry_After="4")) as url:
        progress = await provider(session, url).poll("sd_1")

    assert (progress.state, progress.status, progress.retry_after) == (state, body["status"], 4)
    assert progress.records == body.get("records", 0 if state == "ready" else None)
    assert progress.message in (body.get("error_message", ""), "aborted_page: 1")


async def test_the_marker_moves_with_headway_and_not_with_time(session: aiohttp.ClientSession) -> None:
    bodies = [
        {"status": "running", "running_time": 1},
        {"status": "running", "running_time": 2},
        {"status": "closing", "running_time": 3},
        {"status": "closing", "records": 5},
    ]
    markers = []
    for body in bodies:
        async with answering(says(200, json.dumps(body))) as url:
            markers.append((await provider(session, url).poll("sd_1")).marker)

    assert markers[0] == markers[1]
    assert len(set(markers)) == 3


@pytest.mark.parametrize(
    ("sim", "problem"),
    [
        ("hidden_for:60", SnapshotMissing),
        ("fault:401", ProviderAuth),
        ("fault:410", ResultExpired),
        ("fault:429=9", ProviderRateLimited),
        ("fault:503", ProviderUnavailable),
        ("fault:progress.html", ProviderUnavailable),
        ("fault:garbage", ProviderUnavailable),
        ("fault:empty_body", ProviderUnavailable),
        ("fault:reset", ProviderUnavailable),
        ("fault:redirect", ProviderUnavailable),
    ],
)
async def test_a_poll_without_an_answer_is_a_problem(bright_data: BrightData, sim: str, problem: type[Problem]) -> None:
    snapshot_id = await bright_data.submit(order(sim))

    with pytest.raises(problem):
        await bright_data.poll(snapshot_id)


async def test_an_id_that_would_leave_its_place_in_the_path_is_not_asked_for(bright_data: BrightData) -> None:
    for snapshot_id in ("../trigger", "sd_1/cancel", "sd_1?x=1", ""):
        with pytest.raises(SnapshotMissing):
            await bright_data.poll(snapshot_id)


async def test_a_failed_snapshot_says_why(bright_data: BrightData) -> None:
    snapshot_id = await bright_data.submit(order("failed:Something went wrong. Our team is looking into it."))

    progress = await bright_data.poll(snapshot_id)

    assert (progress.state, progress.message[:20]) == ("failed", "Something went wrong")
