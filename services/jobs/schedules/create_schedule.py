"""Make a schedule."""

from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.jobs.schedules.cron import next_fire
from services.jobs.schedules.schedule import NewSchedule, ScheduleExists, body, refuse_what_makes_no_job
from services.jobs.store import schedules
from services.jobs.submitting.admission import Door


async def create_schedule(
    new: NewSchedule,
    *,
    schedule_id: UUID,
    now: datetime,
    tenant: str,
    door: Door,
    database: Database,
    created_by: str | None = None,
) -> dict[str, Any]:
    """The schedule as callers see it.

    Raises ``CronRefused``, ``CronNeverFires``, ``TimezoneUnknown``, ``ScheduleExists``, and what a submission of its
    job would be refused with.
    """
    said = new.model_dump()
    next_at = next_fire(new.cron, new.timezone, after=now)
    async with database.transaction() as tx:
        await refuse_what_makes_no_job(tx, said, job_id=schedule_id, tenant=tenant, door=door)
        row = await schedules.add(tx, schedule_id, said, next_at=next_at, tenant=tenant, created_by=created_by)
        if row is None:
            raise ScheduleExists(f"There is a schedule {new.name!r} already")
    return body(row)
