"""Schedules at the counter, and time that passes when a test says so."""

from datetime import timedelta
from typing import Any

from services.jobs.schedules.run_schedules import run_schedules
from services.jobs.submitting.admission import Door, door
from tests.flow.jobs.counter import Counter

SCHEDULES = "/schedules"
NIGHTLY = {"name": "nightly", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "kind": "drill"}
ORDER = {"dataset_id": "gd_1", "platform": "facebook", "competitor": "c", "url": "https://www.facebook.com/c"}


async def made(desk: Counter, **fields: Any) -> Any:
    status, body = await desk.ask("POST", SCHEDULES, {**NIGHTLY, **fields})
    assert status == 201, body
    return body


async def become_due(desk: Counter, *, ago: timedelta = timedelta(seconds=1)) -> None:
    await desk.sql("UPDATE schedules SET next_at = now() - $1::interval, retry_at = NULL", ago)


async def try_again(desk: Counter) -> None:
    """The time of those that were put off has come."""
    await desk.sql("UPDATE schedules SET retry_at = now() WHERE retry_at IS NOT NULL")


async def run(desk: Counter, *, at: Door | None = None) -> int:
    return await run_schedules(door=at or desk.runtime.once(door), database=desk.runtime.database)


async def jobs(desk: Counter) -> list[Any]:
    return await desk.rows("SELECT * FROM jobs ORDER BY enqueued_at")


async def one(desk: Counter, schedule: Any) -> Any:
    return (await desk.ask("GET", f"{SCHEDULES}/{schedule['schedule_id']}"))[1]
