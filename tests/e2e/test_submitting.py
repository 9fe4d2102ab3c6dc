"""Jobs handed to the running system from outside: what is wrong is named, what is right is done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.conftest import Api, order

B = "/api/background"
SCHEDULE = {"name": "s", "cron": "0 3 * * *", "kind": "drill"}


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "allowed"),
    [
        ("/submit", {"kind": "nonsense"}, 422, "KIND_NOT_ACCEPTED", "drill"),
        ("/submit", {"kind": "drill", "priority": 5}, 422, "INVALID_REQUEST", "0 to 4 or one of CRITICAL"),
        ("/submit", {"kind": "drill", "priority": "urgent"}, 422, "INVALID_REQUEST", "BACKGROUND"),
        ("/submit", {"kind": "drill", "metadata": {"x": "x" * 70_000}}, 413, "METADATA_TOO_LARGE", "65536"),
        ("/submit", {"kind": "drill", "max_retries": 101}, 422, "INVALID_REQUEST", "100"),
        ("/submit", {"kind": "drill", "payload": {"x": 1}}, 422, "INVALID_REQUEST", "payload.x"),
        ("/submit-batch", {"kind": "drill", "jobs": [{}] * 10_001}, 413, "BATCH_TOO_LARGE", "10000"),
        ("/submit-batch", {"kind": "drill", "jobs": []}, 422, "INVALID_REQUEST", "at least 1"),
        ("/submit-batch", {"kind": "drill", "jobs": [{}, {"priority": 9}]}, 422, "INVALID_REQUEST", "jobs.1.priority"),
        ("/schedules", SCHEDULE | {"cron": "0 0 30 2 *"}, 422, "CRON_NEVER_FIRES", "fifty years"),
        ("/schedules", SCHEDULE | {"cron": "often"}, 422, "CRON_REFUSED", "5 fields"),
        ("/schedules", SCHEDULE | {"timezone": "Mars/Olympus"}, 422, "TIMEZONE_UNKNOWN", "Mars/Olympus"),
        ("/schedules", SCHEDULE | {"kind": "nonsense"}, 422, "KIND_NOT_ACCEPTED", "drill"),
    ],
)
async def test_what_is_wrong_is_answered_with_what_is_allowed(
    api: Api, *, path: str, body: Any, status: int, code: str, allowed: str
) -> None:
    async with api.http.post(api.system.url + B + path, json=body) as answer:
        problem = await answer.json(content_type="application/problem+json")

    assert (answer.status, problem["code"]) == (status, code)
    assert allowed in problem["detail"]
    assert problem["recovery"]


@pytest.mark.parametrize("path", ["/schedules?page_token=forged", "/schedules?page_size=0", "/batch/x?page_size=1001"])
async def test_a_page_that_cannot_be_is_refused(api: Api, path: str) -> None:
    status, problem = await api.get(B + path)

    assert (status in {400, 422}, problem["code"]) == (True, "INVALID_REQUEST")


async def test_a_forged_token_of_a_batch_is_refused(api: Api) -> None:
    _, made = await api.post(f"{B}/submit-batch", {"kind": "drill", "jobs": [{}]})

    status, problem = await api.get(f"{B}/batch/{made['batch_id']}?page_token=forged")

    assert (status, problem["code"]) == (400, "INVALID_REQUEST")


async def test_a_batch_is_waited_for(api: Api) -> None:
    jobs = [{"payload": {"result": {"n": number}}} for number in range(20)] + [{"payload": {"fail": True}}]

    status, found = await api.post(f"{B}/submit-batch?wait=60", {"kind": "drill", "jobs": jobs})

    assert (status, found["status"], found["successful"], found["failed"]) == (200, "completed", 20, 1)
    assert [job["result"] for job in found["jobs"][:20]] == [{"n": number} for number in range(20)]


async def test_a_batch_of_crawls_is_a_batch_of_crawls(api: Api) -> None:
    jobs = [{"payload": {"url": f"https://www.facebook.com/c?sim=ready_after:0.1,records:{n}"}} for n in (1, 2)]
    common = {name: value for name, value in order().items() if name != "url"}

    _, found = await api.post(f"{B}/submit-batch?wait=60", {"kind": "crawl", "payload": common, "jobs": jobs})

    assert (found["status"], found["successful"]) == ("completed", 2)
    assert [(await api.ended(one))["pipeline_status"] for one in found["job_ids"]] == ["completed"] * 2


async def test_a_job_for_later_starts_when_it_is_due(api: Api) -> None:
    due = datetime.now(UTC) + timedelta(seconds=1)
    body = {"kind": "drill", "jobs": [{"due_at": due.isoformat()}]}

    _, found = await api.post(f"{B}/submit-batch?wait=30", body)

    [job] = found["jobs"]
    assert job["status"] == "completed"
    assert datetime.fromisoformat(job["started_at"]) >= due


async def test_schedules_are_made_changed_and_ended(api: Api) -> None:
    status, made = await api.post(f"{B}/schedules", SCHEDULE)
    path = f"{api.system.url}{B}/schedules/{made['schedule_id']}"
    async with api.http.patch(path, json={"paused": True}) as answer:
        paused = await answer.json()
    async with api.http.delete(path) as answer:
        gone = answer.status

    assert (status, paused["next_at"], gone) == (201, None, 204)
    assert (await api.get(f"{B}/schedules"))[1]["items"] == []
