"""Schedules: jobs that come again and again."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Response

from infra.runtime.auth.scoped import Operating, Reading, Triggering
from infra.runtime.http.answers import body, problems
from infra.runtime.http.page_token import InvalidPage
from infra.runtime.runtime import Runtime
from services.jobs.bodies.commanding import Schedule
from services.jobs.bodies.jobs import Page
from services.jobs.face.reading import PageSize, PageToken
from services.jobs.kinds import KindNotAccepted
from services.jobs.schedules.change_schedule import change_schedule
from services.jobs.schedules.create_schedule import create_schedule
from services.jobs.schedules.cron import CronNeverFires, CronRefused, TimezoneUnknown
from services.jobs.schedules.delete_schedule import delete_schedule
from services.jobs.schedules.find_schedules import find_schedule, list_schedules
from services.jobs.schedules.schedule import (
    NewSchedule,
    ScheduleChange,
    ScheduleExists,
    ScheduleNotFound,
    schedule_id_of,
)
from services.jobs.submitting.admission import door
from services.jobs.submitting.submission import MetadataTooLarge

_REFUSED = (ScheduleExists, CronRefused, CronNeverFires, TimezoneUnknown, KindNotAccepted, MetadataTooLarge)


def routes(runtime: Runtime) -> APIRouter:
    """The routes of this subject."""
    made = APIRouter(prefix="/api/background/schedules", tags=["schedules"])
    _asking(made, runtime)
    _changing(made, runtime)
    return made


def _asking(made: APIRouter, runtime: Runtime) -> None:
    @made.get("", responses=body(Page[Schedule]) | problems(InvalidPage))
    async def schedules(caller: Reading, page_size: PageSize = 50, page_token: PageToken = None) -> dict[str, Any]:
        """Schedules by their names."""
        return await list_schedules(
            tenant=caller.tenant, page_size=page_size, page_token=page_token, database=runtime.database
        )

    @made.get("/{schedule_id}", responses=body(Schedule) | problems(ScheduleNotFound))
    async def schedule(schedule_id: str, caller: Reading) -> dict[str, Any]:
        """One schedule: when it fires next, what came of the last time."""
        return await find_schedule(schedule_id_of(schedule_id), tenant=caller.tenant, database=runtime.database)


def _changing(made: APIRouter, runtime: Runtime) -> None:
    @made.post("", status_code=201, responses=body(Schedule, status=201) | problems(*_REFUSED))
    async def create(new: NewSchedule, caller: Triggering, response: Response) -> dict[str, Any]:
        """Make jobs by the clock. A downtime of several firings is made up for by one job."""
        found = await create_schedule(
            new,
            schedule_id=uuid4(),
            now=datetime.now(UTC),
            tenant=caller.tenant,
            created_by=caller.name,
            door=runtime.once(door),
            database=runtime.database,
        )
        response.headers["Location"] = f"/api/background/schedules/{found['schedule_id']}"
        return found

    @made.patch("/{schedule_id}", responses=body(Schedule) | problems(ScheduleNotFound, *_REFUSED))
    async def change(schedule_id: str, change: ScheduleChange, caller: Operating) -> dict[str, Any]:
        """Change what is named; what would have fired while it was paused is not made up for."""
        return await change_schedule(
            schedule_id_of(schedule_id),
            change,
            now=datetime.now(UTC),
            tenant=caller.tenant,
            door=runtime.once(door),
            database=runtime.database,
        )

    @made.delete("/{schedule_id}", status_code=204, responses=problems(ScheduleNotFound))
    async def delete(schedule_id: str, caller: Operating) -> None:
        """End a schedule; the jobs it made stay."""
        await delete_schedule(schedule_id_of(schedule_id), tenant=caller.tenant, database=runtime.database)
