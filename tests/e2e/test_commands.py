"""Commands over HTTP, on a running system: what an operator does, and how soon it is done."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Api

SOON = 5.0  # seconds in which a command is done


async def call(api: Api, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with api.http.request(method, f"{api.system.url}/api/background{path}", json=body) as answer:
        return answer.status, await answer.json(content_type=None)


async def drill(api: Api, *, priority: str = "NORMAL", **payload: Any) -> str:
    body = {"kind": "drill", "payload": payload, "priority": priority}
    status, job = await call(api, "POST", "/submit", body)
    assert status == 202, job
    return str(job["job_id"])


async def until(api: Api, job_id: str, fits: Callable[[Any], bool], *, seconds: float = 20.0) -> Any:
    """The job as soon as it is as wanted."""
    ends = time.monotonic() + seconds
    while not fits(job := (await call(api, "GET", f"/job/{job_id}"))[1]):
        assert time.monotonic() < ends, f"still {job}"
        await asyncio.sleep(0.05)
    return job


def has(status: str) -> Callable[[Any], bool]:
    return lambda job: bool(job["status"] == status)


def works(job: Any) -> bool:
    return bool(job["started_at"]) and job["progress"] > 0


@pytest.mark.parametrize(("method", "path", "ends"), [("DELETE", "", "cancelled"), ("POST", "/pause", "paused")])
async def test_a_job_that_is_being_worked_is_stopped_within_seconds(
    api: Api, method: str, path: str, ends: str
) -> None:
    job_id = await drill(api, seconds=120)
    await until(api, job_id, works)

    status, job = await call(api, method, f"/job/{job_id}{path}")
    began = time.monotonic()
    await until(api, job_id, has(ends), seconds=SOON)

    assert (status, job["job_id"]) == (202, job_id)
    assert time.monotonic() - began < SOON
    refused, problem = await call(api, "POST", f"/job/{job_id}/pause")
    assert (refused, problem["code"]) == (409, "INVALID_TRANSITION")
    assert "restart" in problem["legal"]
    if ends == "paused":
        await call(api, "DELETE", f"/job/{job_id}")


async def test_a_paused_queue_holds_its_jobs_and_a_job_that_waits_can_be_moved_up(api: Api) -> None:
    _, paused = await call(api, "POST", "/queue/pause?queue=drill")
    job_id = await drill(api, priority="LOW")
    status, job = await call(api, "PUT", f"/job/{job_id}/priority", {"priority": "CRITICAL"})
    wrong, _ = await call(api, "PATCH", f"/job/{job_id}/priority", {"priority": 9})
    unknown, problem = await call(api, "POST", "/queue/pause", {"queue": "nowhere"})
    await asyncio.sleep(0.5)  # nothing tells that a job was not taken: its bell has rung, and a sweep came by
    held = (await call(api, "GET", f"/job/{job_id}"))[1]["status"]

    _, resumed = await call(api, "POST", "/queue/resume", {})

    await until(api, job_id, has("completed"))
    assert (paused["paused"], resumed) == (["drill"], {"all_paused": False, "paused": []})
    assert (status, job["priority"], wrong, held) == (200, "CRITICAL", 422, "queued")
    assert (unknown, problem["code"]) == (404, "QUEUE_NOT_FOUND")
    assert {"drill", "poll"} <= set(problem["allowed"])


async def test_what_failed_is_a_dead_letter_until_it_is_replayed_or_discarded(api: Api) -> None:
    job_id = await drill(api, fail=True)
    await until(api, job_id, has("failed"))
    _, listed = await call(api, "GET", "/dead-letters?kind=drill")

    replayed, told = await call(api, "POST", f"/dead-letters/{job_id}/replay")
    again = await until(api, job_id, lambda job: job["status"] == "failed" and job["attempt"] == 2)
    discarded, _ = await call(api, "POST", f"/dead-letters/{job_id}/discard", {"reason": "it was a drill"})
    _, after = await call(api, "GET", "/dead-letters?kind=drill")

    assert [(one["id"], one["code"]) for one in listed["items"]] == [(job_id, "DRILL_FAILED")]
    assert (replayed, told["source"], again["error"]["code"], discarded) == (202, "jobs", "DRILL_FAILED", 200)
    assert after["items"] == []
    forged, problem = await call(api, "GET", "/dead-letters?page_token=forged")
    assert (forged, problem["code"]) == (400, "INVALID_REQUEST")


async def test_many_jobs_are_commanded_by_what_they_have_in_common(api: Api) -> None:
    await call(api, "POST", "/queue/pause?queue=drill")
    jobs = [await drill(api) for _ in range(3)]
    chosen = {"filter": {"kind": "drill", "status": "queued"}}

    dry = (await call(api, "POST", "/jobs/cancel", {**chosen, "dry_run": True}))[1]
    _, told = await call(api, "POST", "/jobs/cancel", chosen)
    empty, _ = await call(api, "POST", "/jobs/cancel", {"filter": {}})
    await call(api, "POST", "/queue/resume")

    assert (dry["matched"], dry["changed"]) == (3, 0)
    assert (told["matched"], told["changed"], empty) == (3, 3, 422)
    for job_id in jobs:
        assert (await call(api, "GET", f"/job/{job_id}"))[1]["status"] == "cancelled"


async def test_a_crawl_is_commanded_by_its_job_as_by_itself(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:600,records:1")

    paused, _ = await call(api, "POST", f"/job/{crawl_id}/pause")
    shown = await api.status(crawl_id)
    resumed, _ = await api.post(f"/api/v1/crawl/{crawl_id}/resume")
    cancelled, _ = await call(api, "DELETE", f"/job/{crawl_id}")

    assert (paused, resumed, cancelled) == (202, 202, 202)
    assert (shown["pipeline_status"], set(shown["commands"])) == ("paused", {"cancel", "resume"})
    assert (await api.ended(crawl_id))["error"]["code"] == "CANCELLED"
