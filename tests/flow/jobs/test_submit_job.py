"""POST /api/background/submit."""

import asyncio
from typing import Any

import pytest

from tests.flow.jobs.counter import Counter


async def test_a_submitted_job_waits_with_all_that_was_said_of_it(desk: Counter) -> None:
    status, job = await desk.submit(
        {
            "kind": "drill",
            "payload": {"seconds": 1},
            "priority": "high",
            "metadata": {"team": "x"},
            "max_retries": 0,
            "timeout": 1.5,
            "source_id": "s",
            "related_dataset_id": "d",
        }
    )
    row = await desk.row(job["job_id"])

    assert (status, job["status"], job["priority"], job["max_retries"]) == (202, "queued", "HIGH", 0)
    assert (row["state"], row["queue"], row["priority"], row["max_tries"]) == ("ready", "drill", 1, 1)
    assert (row["payload"], row["metadata"]) == ({"seconds": 1}, {"team": "x"})
    assert (row["timeout_seconds"], row["source_id"], row["related_dataset_id"]) == (1.5, "s", "d")


async def test_the_answer_says_where_the_job_is(desk: Counter) -> None:
    async with desk.http.post(f"{desk.url}/api/background/submit", json={"kind": "drill"}) as answer:
        assert answer.headers["Location"] == f"/api/background/job/{(await answer.json())['job_id']}"


async def test_a_submitted_job_is_done(desk: Counter) -> None:
    async with desk.working():
        _, job = await desk.submit({"kind": "drill", "payload": {"result": {"n": 1}}})
        async with asyncio.timeout(20):
            while (row := await desk.row(job["job_id"]))["state"] != "completed":  # noqa: ASYNC110  # a database sets no events
                await asyncio.sleep(0.01)

    assert row["result"] == {"n": 1}


@pytest.mark.parametrize(("said", "meant"), [("critical", 0), ("BACKGROUND", 4), (3, 3)])
async def test_a_priority_has_a_name_and_a_number(desk: Counter, said: Any, meant: int) -> None:
    assert (await desk.accepted(priority=said))["priority"] == meant


async def test_a_job_with_a_time_waits_for_it(desk: Counter) -> None:
    row = await desk.accepted(due_at="2099-01-01T00:00:00+02:00")

    assert (row["state"], row["due_at"].isoformat()) == ("scheduled", "2098-12-31T22:00:00+00:00")
