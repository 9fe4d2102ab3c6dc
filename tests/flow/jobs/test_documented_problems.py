"""Whatever a caller does wrong, the document told which answer that gets."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.flow.jobs.contract import NOBODY, caller, operation, surprises

JOB = f"/api/background/job/{NOBODY}"
CRAWL = f"/api/v1/crawl/{NOBODY}"
LETTER = f"/api/background/dead-letters/{NOBODY}"
SCHEDULE = f"/api/background/schedules/{NOBODY}"
NIGHTLY = {"name": "n", "cron": "0 3 * * *", "kind": "drill"}
DRILL = {"kind": "drill"}
ORDER = {"dataset_id": "gd_1", "platform": "facebook", "competitor": "c", "url": "https://www.facebook.com/c"}
SOURCE = {"name": "n", "source_type": "website"}
HUGE = b" " * (1 << 20) + b"{}"
BIG = {"text": "x" * (65 << 10)}

WRONG: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/api/background/submit", {"json": {"kind": "nobody's"}}, 422),
    ("POST", "/api/background/submit", {"json": {**DRILL, "surprise": 1}}, 422),
    ("POST", "/api/background/submit", {"json": {**DRILL, "metadata": BIG}}, 413),
    ("POST", "/api/background/submit", {"json": DRILL, "headers": {"Idempotency-Key": "k" * 1000}}, 422),
    ("POST", "/api/background/submit", {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ("POST", "/api/background/submit", {"data": HUGE}, 413),
    ("POST", "/api/background/submit-batch", {"json": {**DRILL, "jobs": [{}] * 10_001}}, 413),
    ("POST", "/api/background/submit-batch?wait=-1", {"json": {**DRILL, "jobs": [{}]}}, 422),
    ("GET", "/api/background/batch/none", {}, 404),
    ("GET", f"/api/background/batch/{NOBODY}?page_token=forged", {}, 400),
    ("GET", "/api/background/schedules?page_size=0", {}, 422),
    ("GET", "/api/background/schedules?page_token=forged", {}, 400),
    ("POST", "/api/background/schedules", {"json": {**NIGHTLY, "cron": "never"}}, 422),
    ("POST", "/api/background/schedules", {"json": {**NIGHTLY, "cron": "0 0 30 2 *"}}, 422),
    ("POST", "/api/background/schedules", {"json": {**NIGHTLY, "timezone": "Nowhere/Land"}}, 422),
    ("POST", "/api/background/schedules", {"json": {**NIGHTLY, "metadata": BIG}}, 413),
    ("GET", SCHEDULE, {}, 404),
    ("PATCH", SCHEDULE, {"json": {"paused": True}}, 404),
    ("DELETE", SCHEDULE, {}, 404),
    ("GET", "/api/v2/jobs?status=odd", {}, 422),
    ("GET", "/api/v2/jobs?kind=drill&job_type=crawl", {}, 422),
    ("GET", "/api/v2/jobs?page_token=forged", {}, 400),
    ("GET", "/api/v2/jobs/active?page_token=forged", {}, 400),
    ("GET", f"/api/v2/jobs/{NOBODY}", {}, 404),
    ("GET", JOB, {}, 404),
    ("GET", f"{JOB}/progress", {}, 404),
    ("GET", f"{JOB}/events", {}, 404),
    ("GET", f"/api/background/stream/progress?job_id={NOBODY}", {}, 404),
    ("GET", "/api/background/stream/progress", {"headers": {"Last-Event-ID": "forged"}}, 400),
    *(("POST", f"{JOB}/{command}", {}, 404) for command in ("pause", "resume", "retry", "restart")),
    ("POST", f"{JOB}/pause", {"data": HUGE}, 413),
    ("DELETE", JOB, {}, 404),
    ("PUT", f"{JOB}/priority", {"json": {"priority": 9}}, 422),
    ("PATCH", f"{JOB}/priority", {"json": {"priority": 1}}, 404),
    *(("POST", f"/api/background/jobs/{command}", {"json": {}}, 422) for command in ("cancel", "retry", "priority")),
    ("POST", "/api/background/queue/pause", {"json": {"queue": "none"}}, 404),
    ("POST", "/api/background/queue/resume?queue=a", {"json": {"queue": "b"}}, 422),
    ("PUT", "/api/background/queue/limits", {"json": {"queue": "none"}}, 404),
    ("GET", "/api/background/dead-letters?source=odd", {}, 422),
    ("GET", "/api/background/dead-letters?page_token=forged", {}, 400),
    ("POST", "/api/background/dead-letters/replay", {"json": {"filter": {"source": "odd"}}}, 422),
    ("POST", f"{LETTER}/replay", {}, 404),
    ("POST", f"{LETTER}/discard", {"json": {"reason": "r"}}, 404),
    ("GET", "/api/background/alerts?page_token=forged", {}, 400),
    ("GET", "/api/background/statistics?kind=", {}, 422),
    ("GET", "/api/v1/events?after=forged", {}, 400),
    ("GET", "/api/v1/events?after=9.1", {}, 400),
    ("GET", "/api/v1/events?type=odd", {}, 422),
    ("GET", "/api/v1/events?crawl_id=%00", {}, 422),
    ("GET", "/api/v1/events/stream?crawl_id=%00", {}, 422),
    ("GET", "/api/v1/events/stream?after=forged", {}, 400),
    ("POST", "/api/v1/events/subscriptions", {"json": {"topic": "odd", "push_url": "x"}}, 422),
    ("DELETE", "/api/v1/events/subscriptions/none", {}, 404),
    ("POST", "/api/v1/crawl/trigger", {"data": b"{"}, 400),
    ("POST", "/api/v1/crawl/trigger", {"json": {}}, 422),
    ("GET", "/api/v1/crawl?page_token=forged", {}, 400),
    ("GET", f"{CRAWL}/status", {}, 404),
    ("GET", f"{CRAWL}/result", {}, 404),
    *(("POST", f"{CRAWL}/{command}", {}, 404) for command in ("download", "cancel", "pause", "resume")),
    ("POST", f"{CRAWL}/retry-background?repurchase=perhaps", {}, 422),
    ("POST", "/api/v1/webhooks/bright_data", {"json": {}}, 404),
    ("POST", "/api/v1/data-sources", {"json": {"name": "n", "source_type": "odd"}}, 422),
    ("POST", "/api/v1/data-sources", {"json": {**SOURCE, "schedule": {"cron": "never"}}}, 422),
    ("POST", "/api/v1/data-sources", {"json": {**SOURCE, "schedule": {"cron": "0 3 * * *"}}}, 422),
    ("GET", "/api/v1/data-sources?page_token=forged", {}, 400),
    ("PATCH", f"/api/v1/data-sources/{NOBODY}", {"json": {"name": "n"}}, 404),
    ("POST", f"/api/v1/data-sources/{NOBODY}/run", {}, 404),
    ("GET", "/api/v1/data-sources/stream?source_id=none", {}, 404),
    ("POST", "/api/v1/keys", {"json": {"name": "n", "scope": "odd"}}, 422),
    ("POST", "/api/v1/keys", {"json": {"name": "n", "scope": "read", "expires_at": "2020-01-31T08:00:00Z"}}, 422),
    ("DELETE", "/api/v1/keys/none", {}, 404),
    ("POST", "/api/v1/members", {"json": {"identity": "nobody", "scope": "read"}}, 422),
    ("DELETE", "/api/v1/members/nobody", {}, 404),
]


async def test_every_wrong_call_gets_an_answer_that_was_told(database_dsn: str, tmp_path: Path) -> None:
    async with caller(database_dsn, tmp_path) as at:
        answered = [(await at.ask(method, path, **more))[0] for method, path, more, _ in WRONG]

    assert at.surprises == []
    assert answered == [status for *_, status in WRONG]


async def test_a_command_at_the_wrong_time_gets_an_answer_that_was_told(database_dsn: str, tmp_path: Path) -> None:
    async with caller(database_dsn, tmp_path) as at:
        _, job = await at.ask("POST", "/api/background/submit", json=DRILL)
        at.surprises.clear()
        refused, _ = await at.ask("POST", f"/api/background/job/{job['job_id']}/resume")
        await at.ask("POST", "/api/background/schedules", json=NIGHTLY)
        again, _ = await at.ask("POST", "/api/background/schedules", json=NIGHTLY)

    assert (refused, again) == (409, 409)
    assert [one for one in at.surprises if "409" in one] == []


async def test_a_full_queue_was_told_of_the_routes_that_order_crawls(database_dsn: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"json": ORDER, "headers": {"Prefer": "respond-async"}}
    async with caller(database_dsn, tmp_path, max_queue_size=1) as at:
        _, crawl = await at.ask("POST", "/api/v1/crawl/trigger", **asked)
        await at.ask("POST", f"/api/v1/crawl/{crawl['crawl_id']}/cancel")
        await at.ask("POST", "/api/v1/crawl/trigger", **asked)
        at.surprises.clear()
        anew = "/api/v1/crawl/trigger", f"/api/v1/crawl/{crawl['crawl_id']}/retry-background"
        refused = [await at.ask("POST", path, **asked) for path in anew]
        told = operation(at.document, "POST", f"{CRAWL}/download")["responses"]["429"]["description"]

    assert [(status, said["code"]) for status, said in refused] == [(429, "QUEUE_FULL")] * 2
    assert "`QUEUE_FULL`" in told
    assert at.surprises == []


async def test_a_limit_that_is_reached_was_told_of_every_route_but_the_watched_ones(
    database_dsn: str, tmp_path: Path
) -> None:
    async with caller(database_dsn, tmp_path, rate_limit=0.001) as at:
        await at.ask("GET", "/api/v2/jobs")
        await at.ask("POST", "/api/v1/webhooks/bright_data", json={})  # whoever needs no caller has a limit of its own
        statuses = Counter([(await at.ask(method, path, **more))[0] for method, path, more, _ in WRONG])

    assert statuses == {429: len(WRONG)}
    assert at.surprises == []


async def test_a_database_that_is_away_was_told_of_every_route_that_asks_it(database_dsn: str, tmp_path: Path) -> None:
    asking = ["/readyz", "/api/v2/jobs", JOB, "/api/background/queue/status", "/api/v1/events", f"{CRAWL}/status"]
    async with caller(database_dsn, tmp_path) as at:
        at.runtime.database.pool.terminate()
        statuses = {(await at.ask("GET", path))[0] for path in asking}

    assert statuses == {503}
    assert at.surprises == []


@pytest.mark.parametrize(("method", "path"), [("get", "/livez"), ("get", "/api/background/queue/health")])
async def test_nothing_is_told_that_cannot_be(database_dsn: str, tmp_path: Path, method: str, path: str) -> None:
    async with caller(database_dsn, tmp_path) as at:
        told = at.document["paths"][path][method]["responses"]

    assert "422" not in told
    assert ("503" in told) is (path != "/livez")


def test_control_an_answer_that_was_not_told_is_noticed() -> None:
    told = {"404": {"description": "`NOT_FOUND`: There is none."}}

    assert surprises({}, told, 404, {"code": "NOT_FOUND"}) == []
    assert surprises({}, told, 404, {"code": "LOST"}) == ["404 LOST is not told"]
    assert surprises({}, told, 409, {"code": "NOT_FOUND"}) == ["409 is not told"]


def test_control_every_route_that_takes_anything_is_called_wrongly() -> None:
    assert len(WRONG) > 60
    assert {status for *_, status in WRONG} == {400, 404, 413, 422}
