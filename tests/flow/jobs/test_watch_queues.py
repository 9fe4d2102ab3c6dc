"""Watching over HTTP: health, status, statistics, alerts and metrics, as operators and Prometheus read them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.jobs.alerts.watch import watch
from services.jobs.watching.roll_up import roll_up
from services.jobs.watching.roster import roster
from tests.contract.jobs.rig import until
from tests.flow.jobs.counter import Counter, counter


async def read(desk: Counter, path: str) -> Any:
    status, body = await desk.ask("GET", path)
    assert status == 200, body
    return body


async def ended(desk: Counter, job_id: str) -> None:
    async def over() -> bool:
        return (await desk.row(job_id))["state"] in {"completed", "failed"}

    await until(over)


async def metrics(desk: Counter) -> str:
    async with desk.http.get(f"{desk.url}/metrics") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_jobs_that_were_worked_are_seen_everywhere(desk: Counter) -> None:
    async with desk.working():
        for fail in (False, False, True):
            job = await desk.accepted(payload={"fail": fail})
            await ended(desk, job["id"])
        await desk.runtime.once(roster).report()
        summary = await read(desk, "/monitor/summary")
    await roll_up(desk.runtime.database)
    await watch(desk.runtime.database, now=datetime.now(UTC), max_queue_size=1000, every_seconds=0)

    assert [worker["name"] for worker in summary["workers"]] == [desk.runtime.name]
    assert summary["statistics"]["workers"]["slots"] == 5
    assert await read(desk, "/queue/health") == {
        "status": "healthy",
        "total_jobs": 3,
        "queued_jobs": 0,
        "processing_jobs": 0,
        "failed_jobs": 1,
        "oldest_job_age": 0.0,
        "alerts": [],
    }
    week = await read(desk, "/statistics?kind=drill")
    assert week["weekly_summary"]["success_rate"] == 66.7
    assert set(week["processing_times"]["drill"]) == {"jobs", "p50", "p90", "p99"}
    assert (await read(desk, "/statistics?kind=nothing"))["weekly_summary"]["total_jobs"] == 0
    drills = next(one for one in (await read(desk, "/queue/status"))["queues"] if one["queue"] == "drill")
    assert (drills["jobs"]["completed"], drills["jobs"]["failed"]) == (2, 1)


async def test_the_gate_of_a_paused_queue_is_shown(desk: Counter) -> None:
    await desk.accepted()
    status, _ = await desk.ask("POST", "/queue/pause", {"queue": "drill"})
    assert status == 200

    drills = next(one for one in (await read(desk, "/queue/status"))["queues"] if one["queue"] == "drill")

    assert (drills["paused"], drills["jobs"]["queued"]) == (True, 1)


async def test_an_alert_is_listed_while_it_stands_and_afterwards(desk: Counter) -> None:
    await desk.accepted()
    began = datetime.now(UTC)
    for seconds in range(0, 40, 10):
        await watch(desk.runtime.database, now=began + timedelta(seconds=seconds), max_queue_size=1000, every_seconds=0)

    [alert] = (await read(desk, "/alerts?standing=true"))["items"]
    health = await read(desk, "/queue/health")

    assert (alert["rule"], alert["level"], alert["cleared_at"]) == ("no_worker", "critical", None)
    assert health["status"] == "critical"
    assert health["alerts"] == [{"level": "critical", "message": alert["message"]}]
    assert (await read(desk, "/alerts?standing=false"))["items"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("page_token=forged", 400), ("page_size=0", 422), ("page_size=201", 422), ("standing=perhaps", 422)],
)
async def test_a_page_of_alerts_that_cannot_be_is_refused(desk: Counter, query: str, status: int) -> None:
    answered, problem = await desk.ask("GET", f"/alerts?{query}")

    assert (answered, problem["code"]) == (status, "INVALID_REQUEST")


async def test_prometheus_reads_jobs_requests_and_streams(desk: Counter) -> None:
    await desk.accepted()

    text = await metrics(desk)

    assert 'headrace_jobs{queue="drill",status="queued"} 1.0' in text
    assert 'headrace_http_requests_total{method="POST",route="/api/background/submit",status="202"} 1.0' in text
    assert 'headrace_feed_readers{feed="jobs"} 0.0' in text
    assert "headrace_database_read 1.0" in text


async def test_no_id_of_a_job_becomes_a_label(desk: Counter) -> None:
    job = await desk.accepted()
    for path in (f"/job/{job['id']}", f"/job/{job['id']}/progress"):
        await read(desk, path)

    text = await metrics(desk)

    assert str(job["id"]) not in text
    assert 'route="/api/background/job/{job_id}"' in text


@pytest.mark.parametrize("field", ["metrics_enabled", "background_metrics"])
async def test_with_either_setting_off_there_are_no_metrics(database_dsn: str, tmp_path: Path, field: str) -> None:
    async with counter(database_dsn, tmp_path, **{field: False}) as desk:
        async with desk.http.get(f"{desk.url}/metrics") as answer:
            body = await answer.json(content_type="application/problem+json")
        await read(desk, "/queue/health")

    assert (answer.status, body["code"]) == (404, "NOT_FOUND")


async def test_metrics_are_told_while_the_database_is_away(desk: Counter) -> None:
    await desk.sql("ALTER TABLE job_totals RENAME TO hidden")

    text = await metrics(desk)

    assert "headrace_database_read 0.0" in text
    assert "headrace_http_requests_total" in text


@pytest.mark.parametrize("command", ["pause", "resume"])
@pytest.mark.parametrize(
    ("query", "body"), [("?queue=", None), ("", {"queue": ""}), ("?queue=drill", {"queue": "document"})]
)
async def test_a_queue_that_is_not_clearly_named_stops_nothing(
    desk: Counter, command: str, query: str, body: dict[str, str] | None
) -> None:
    _, before = await desk.ask("POST", "/queue/pause", {"queue": "drill"})
    assert before == {"all_paused": False, "paused": ["drill"]}

    status, problem = await desk.ask("POST", f"/queue/{command}{query}", body)

    assert status == 422, problem
    paused = [one["queue"] for one in (await read(desk, "/queue/status"))["queues"] if one["paused"]]
    assert paused == ["drill"]


async def test_a_queue_may_be_named_twice(desk: Counter) -> None:
    status, body = await desk.ask("POST", "/queue/pause?queue=drill", {"queue": "drill"})

    assert (status, body["paused"]) == (200, ["drill"])
