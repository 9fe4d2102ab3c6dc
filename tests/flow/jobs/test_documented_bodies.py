"""What routes answer is what their document tells of it, member by member."""

from pathlib import Path
from typing import Any

from services.jobs.watching.roll_up import roll_up
from services.jobs.watching.roster import roster
from tests.flow.jobs.contract import Caller, caller, surprises

BACKGROUND = "/api/background"
NIGHTLY = {"name": "n", "cron": "0 3 * * *", "kind": "drill", "payload": {"steps": ["a"]}}


async def test_jobs_at_work_and_jobs_that_are_over_look_as_told(database_dsn: str, tmp_path: Path) -> None:
    async with caller(database_dsn, tmp_path) as at:
        jobs = [await _submitted(at, fail=fail, **more) for fail, more in ((False, {}), (True, {"max_retries": 0}))]
        async with at.working():
            for job in jobs:
                await at.over(job)
        waiting = await _submitted(at, fail=False, timeout=60, due_at="2099-01-01T00:00:00Z", source_id="s")
        for job in [*jobs, waiting]:
            for path in ("", "/progress", "/events"):
                await at.ask("GET", f"{BACKGROUND}/job/{job}{path}")
            await at.ask("GET", f"/api/v2/jobs/{job}")
        for path in ("/api/v2/jobs?page_size=1", "/api/v2/jobs/active"):
            await at.ask("GET", path)

    assert at.surprises == []


async def test_batches_look_as_told(database_dsn: str, tmp_path: Path) -> None:
    batch = {"kind": "drill", "max_retries": 0, "jobs": [{"payload": {"fail": True}}, {}]}
    async with caller(database_dsn, tmp_path) as at:
        accepted, before = await at.ask("POST", f"{BACKGROUND}/submit-batch", json=batch)
        async with at.working():
            over, after = await at.ask("POST", f"{BACKGROUND}/submit-batch?wait=30&page_size=1", json=batch)
        await at.ask("GET", f"{BACKGROUND}/batch/{before['batch_id']}")

    assert (accepted, over, len(after["errors"])) == (202, 200, 1)
    assert at.surprises == []


async def test_commands_look_as_told(database_dsn: str, tmp_path: Path) -> None:
    fitting = {"filter": {"kind": "drill"}}
    async with caller(database_dsn, tmp_path) as at:
        job = f"{BACKGROUND}/job/{await _submitted(at)}"
        for method, path, body in [
            ("PUT", f"{job}/priority", {"priority": 1}),
            ("POST", f"{job}/pause", None),
            ("POST", f"{job}/resume", None),
            ("POST", f"{job}/restart", None),
            ("DELETE", job, None),
            ("POST", f"{job}/retry", None),
            ("POST", f"{BACKGROUND}/jobs/priority", {**fitting, "priority": 0}),
            ("POST", f"{BACKGROUND}/jobs/cancel", fitting),
            ("POST", f"{BACKGROUND}/jobs/retry", {"filter": {"status": "cancelled"}, "dry_run": True}),
            ("POST", f"{BACKGROUND}/queue/pause", {}),
            ("POST", f"{BACKGROUND}/queue/resume", {}),
            ("PUT", f"{BACKGROUND}/queue/limits", {"queue": "drill", "concurrency": 3}),
        ]:
            assert (await at.ask(method, path, json=body))[0] in {200, 202}, path

    assert at.surprises == []


async def test_dead_letters_look_as_told(database_dsn: str, tmp_path: Path) -> None:
    letters = f"{BACKGROUND}/dead-letters"
    async with caller(database_dsn, tmp_path) as at:
        jobs = [await _submitted(at, fail=True, max_retries=0) for _ in range(2)]
        async with at.working():
            for job in jobs:
                await at.over(job)
        _, listed = await at.ask("GET", f"{letters}?page_size=1")
        await at.ask("POST", f"{letters}/{jobs[0]}/replay")
        await at.ask("POST", f"{letters}/{jobs[1]}/discard", json={"reason": "r"})
        await at.ask("POST", f"{letters}/replay", json={"filter": {"source": "jobs"}, "dry_run": True})

    assert len(listed["items"]) == 1
    assert at.surprises == []


async def test_schedules_look_as_told(database_dsn: str, tmp_path: Path) -> None:
    schedules = f"{BACKGROUND}/schedules"
    async with caller(database_dsn, tmp_path) as at:
        _, made = await at.ask("POST", schedules, json=NIGHTLY)
        one = f"{schedules}/{made['schedule_id']}"
        for method, path, body in [("GET", schedules, None), ("PATCH", one, {"paused": True}), ("GET", one, None)]:
            assert (await at.ask(method, path, json=body))[0] == 200
        assert (await at.ask("DELETE", one))[0] == 204

    assert at.surprises == []


async def test_what_operators_look_at_is_as_told(database_dsn: str, tmp_path: Path) -> None:
    async with caller(database_dsn, tmp_path) as at:
        await _submitted(at)
        await at.ask("PUT", f"{BACKGROUND}/queue/limits", json={"queue": "drill", "concurrency": 3})
        await _ran(at)
        bodies = {
            path: (await at.ask("GET", f"{BACKGROUND}/{path}"))[1]
            for path in ("queue/status", "queue/health", "statistics", "monitor/summary", "alerts")
        }

    assert bodies["alerts"]["items"]
    assert bodies["statistics"]["processing_times"]
    assert bodies["queue/status"]["queues"]
    assert at.surprises == []


def test_control_a_member_too_many_too_few_or_wrong_is_noticed() -> None:
    schema = {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}, "required": ["id"]}
    document = {"components": {"schemas": {"One": schema}}}
    told = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/One"}}}}}
    good: dict[str, Any] = {"id": "00000000-0000-4000-8000-000000000000"}

    assert surprises(document, told, 200, good) == []
    for bad in ({**good, "more": 1}, {}, {"id": "x"}, {"id": 1}):
        assert len(surprises(document, told, 200, bad)) == 1


async def _submitted(at: Caller, *, fail: bool = False, **fields: Any) -> str:
    body = {"kind": "drill", "payload": {"fail": fail, "steps": ["a", "b"]}, "metadata": {"a": 1}, **fields}
    status, job = await at.ask("POST", f"{BACKGROUND}/submit", json=body)
    assert status == 202, job
    return str(job["job_id"])


async def _ran(at: Caller) -> None:
    """One job more is over and counted, a worker is known, and an alert stands."""
    async with at.working():
        await at.over(await _submitted(at))
        await at.runtime.once(roster).report()
        await at.ask("GET", f"{BACKGROUND}/monitor/summary")
    await roll_up(at.runtime.database)
    await at.runtime.database.pool.execute(
        "INSERT INTO alerts (id, rule, subject, level, message, since, looked_at, value, last_value, raised_at)"
        " VALUES (gen_random_uuid(), 'backlog', 'drill', 'error', 'm', now(), now(), 1, 2, now())"
    )
