"""A drill does what its payload says."""

import asyncio
import time
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from services.jobs.drill import Drill
from services.jobs.job import Work
from services.jobs.progress import Reporter
from services.jobs.run_drill import run_drill
from tests.contract.jobs.rig import Desk


def work(desk: Desk) -> Work:
    return Work(run=partial(run_drill, reporter=Reporter(desk.database)), announce=True)


async def drilled(desk: Desk, *, rounds: int = 1, **payload: Any) -> Any:
    """The row of a drill that was worked so often."""
    [job_id] = await desk.queue(payload=payload)
    for _ in range(rounds):
        async with asyncio.timeout(10):
            await desk.drain(work=work(desk))
        await desk.wake()
    return await desk.row(job_id)


async def test_it_brings_what_it_was_given(desk: Desk) -> None:
    row = await drilled(desk, result={"rows": 3})

    assert (row["state"], row["result"], row["progress"]) == ("completed", {"rows": 3}, 100)


async def test_it_takes_its_steps_one_after_the_other(desk: Desk) -> None:
    row = await drilled(desk, steps=["classifying", "extracting", "integrating"])

    assert row["steps_completed"] == ["classifying", "extracting", "integrating"]
    found = await desk.database.pool.fetch("SELECT progress FROM job_events WHERE type = 'progress' ORDER BY id")
    told = [line["progress"] for line in found]
    assert told == sorted(told)


@pytest.mark.parametrize("steps", [["a"], ["a", "b", "c", "d"]])
async def test_it_takes_its_time_whatever_its_steps(desk: Desk, steps: list[str]) -> None:
    began = time.monotonic()

    await drilled(desk, seconds=0.4, steps=steps)

    assert 0.4 <= time.monotonic() - began < 3


@pytest.mark.parametrize("stumbles", [0, 1, 3])
async def test_it_stumbles_as_often_as_it_is_told_and_then_goes_through(desk: Desk, stumbles: int) -> None:
    row = await drilled(desk, rounds=stumbles + 1, stumbles=stumbles)

    assert (row["state"], row["tries"]) == ("completed", stumbles)


@pytest.mark.parametrize(("payload", "most"), [({"fail": True}, 95), ({"stumbles": 1}, 95), ({}, 100)])
@pytest.mark.parametrize("steps", [["a"], ["a", "b", "c"]])
async def test_a_try_that_fails_is_never_seen_done(
    desk: Desk, payload: dict[str, Any], most: int, steps: list[str]
) -> None:
    row = await drilled(desk, steps=steps, **payload)

    told = await desk.database.pool.fetchval("SELECT max(progress) FROM job_events")
    assert (row["progress"], told) == (most, most)


async def test_it_stumbles_no_more_often_than_it_may(desk: Desk) -> None:
    row = await drilled(desk, rounds=5, stumbles=9)

    assert (row["state"], row["tries"], row["error_code"]) == ("failed", 3, "DRILL_STUMBLED")


async def test_it_fails_for_good_when_told_to(desk: Desk) -> None:
    row = await drilled(desk, fail=True)

    assert (row["state"], row["tries"], row["error_code"]) == ("failed", 0, "DRILL_FAILED")
    [event] = await desk.database.pool.fetch("SELECT subject, data FROM events")
    assert (UUID(event["subject"]), event["data"]["status"], event["data"]["code"]) == (
        row["id"],
        "failed",
        "DRILL_FAILED",
    )


@pytest.mark.parametrize(
    "wrong", [{"seconds": -1}, {"seconds": 3601}, {"steps": []}, {"stumbles": 101}, {"surprise": 1}, {"steps": "a"}]
)
def test_a_payload_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Drill.model_validate(wrong)


def test_a_drill_that_says_nothing_is_done_at_once() -> None:
    assert Drill().model_dump() == {"seconds": 0, "steps": ["working"], "stumbles": 0, "fail": False, "result": {}}
