"""Jobs as callers watch them, over HTTP, of a whole system."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.e2e.conftest import Api

PATIENCE = 30.0


async def updates(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    """The updates of a stream, each with the id of its frame."""
    frame: dict[str, str] = {}
    while line := (await answer.content.readline()).decode():
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            frame[name] = value
        elif line == "\n" and frame:
            if frame.get("event") == "job_update":
                yield {**json.loads(frame["data"]), "place": frame["id"]}
            frame = {}


async def until_over(api: Api, job_id: str, *, count: int = 0, place: str | None = None) -> list[dict[str, Any]]:
    """A job's updates until it is over, or so many."""
    found: list[dict[str, Any]] = []
    headers = {"Last-Event-ID": place} if place else {}
    url = f"{api.system.url}/api/background/stream/progress"
    async with asyncio.timeout(PATIENCE), api.http.get(url, params={"job_id": job_id}, headers=headers) as answer:
        async for update in updates(answer):
            found.append(update)
            if update["status"] in {"completed", "failed", "cancelled"} or len(found) == count:
                break
    return found


async def test_a_job_is_watched_through_a_cut_to_its_end(api: Api) -> None:
    payload = {"seconds": 2.0, "steps": ["classifying", "extracting"], "result": {"result_file_id": "f"}}
    status, job = await api.post("/api/background/submit", {"kind": "drill", "payload": payload})
    assert status == 202, job
    job_id = job["job_id"]

    before = await until_over(api, job_id, count=3)
    after = await until_over(api, job_id, place=before[-1]["place"])

    told = before + after
    assert [one["progress"] for one in told] == sorted(one["progress"] for one in told)
    assert len({one["place"] for one in told}) == len(told)
    assert {"classifying", "extracting"} <= {one["status"] for one in told}
    assert (told[-1]["status"], told[-1]["progress"], told[-1]["result_file_id"]) == ("completed", 100, "f")
    _, timeline = await api.get(f"/api/background/job/{job_id}/events?page_size=200")
    missed = [line["type"] for line in timeline["items"] if line["type"] not in {one["type"] for one in told}]
    assert set(missed) <= {"queued", "started"}  # what had happened before the snapshot


async def test_a_job_is_active_until_five_minutes_after_its_end(api: Api) -> None:
    _, job = await api.post("/api/background/submit", {"kind": "drill", "payload": {}})
    async with asyncio.timeout(PATIENCE):
        while (await body(api, job))["status"] != "completed":  # noqa: ASYNC110  # a system sets no events
            await asyncio.sleep(0.05)

    _, active = await api.get("/api/v2/jobs/active")
    shown = {one["id"]: one for one in active["items"]}

    assert (shown[job["job_id"]]["job_type"], shown[job["job_id"]]["status"]) == ("drill", "completed")


async def body(api: Api, job: dict[str, Any]) -> Any:
    return (await api.get(f"/api/background/job/{job['job_id']}"))[1]


async def test_a_crawl_is_a_job_like_any_other(api: Api) -> None:
    crawl_id = await api.trigger("ready_after:0.5,records:5")
    _, waiting = await api.get(f"/api/v2/jobs/{crawl_id}")
    _, progress = await api.get(f"/api/background/job/{crawl_id}/progress")
    await api.ended(crawl_id)
    _, done = await api.get(f"/api/v2/jobs/{crawl_id}")
    _, found = await api.get("/api/v2/jobs?kind=crawl&status=completed")

    assert (waiting["job_type"], waiting["status"]) == ("crawl", "running")
    assert progress["status"] == "processing"
    assert (done["status"], done["progress"]) == ("completed", 100)
    assert crawl_id in {one["id"] for one in found["items"]}
