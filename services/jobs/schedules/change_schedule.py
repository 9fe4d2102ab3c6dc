"""Change a schedule, pause it, let it go on."""

from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.jobs.schedules.cron import next_fire
from services.jobs.schedules.schedule import (
    ScheduleChange,
    ScheduleExists,
    ScheduleNotFound,
    body,
    refuse_what_makes_no_job,
)
from services.jobs.store import schedules
from services.jobs.submitting.admission import Door

_MOVING = ("cron", "timezone", "paused")


async def change_schedule(
    schedule_id: UUID, change: ScheduleChange, *, now: datetime, tenant: str, door: Door, database: Database
) -> dict[str, Any]:
    """The schedule as it is then. A firing that is due still comes, unless the times change.

    What would have fired while it was paused is not made up for.

    Raises ``ScheduleNotFound`` and what ``create_schedule`` raises.
    """
    said = change.model_dump(exclude_unset=True)
    async with database.transaction() as tx:
        row = await schedules.lock(tx, schedule_id, tenant=tenant)
        if row is None:
            raise ScheduleNotFound
        wanted = {**row, **said}
        await refuse_what_makes_no_job(tx, wanted, job_id=schedule_id, tenant=tenant, door=door)
        if any(wanted[name] != row[name] for name in _MOVING):
            wanted["next_at"] = next_fire(wanted["cron"], wanted["timezone"], after=now)
        changed = await schedules.change(tx, schedule_id, wanted)
        if changed is None:
            raise ScheduleExists(f"There is a schedule {wanted['name']!r} already")
        return body(changed)
