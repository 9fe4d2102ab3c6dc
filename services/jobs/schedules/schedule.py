"""What a schedule is, to callers and as the job it makes."""

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from infra.postgres.database import Transaction
from infra.runtime.http.wrong_fields import refuse_unkept
from schemas.problem import Problem
from services.jobs.job import NewJob
from services.jobs.level import Level
from services.jobs.rank import Priority
from services.jobs.shapes import instant
from services.jobs.store.schedules import OF_ITS_JOBS
from services.jobs.submitting.admission import Door, try_accept
from services.jobs.submitting.submission import MaxRetries, Submission, Timeout, Word, new_job

Cron = Field(max_length=200, description="Minute, hour, day of month, month, day of week; or @daily and the like.")
Timezone = Field(
    "UTC",
    max_length=64,
    description=(
        "IANA name of the zone whose clocks the cron goes by. A time that they skip comes right after the gap; one that"
        " they show twice comes once, unless the hours are `*`."
    ),
)


class ScheduleNotFound(Problem):
    """There is no such schedule for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no schedule with this id"
    recovery: ClassVar[str] = "GET /api/background/schedules lists your schedules."


class ScheduleExists(Problem):
    """A schedule of this name is there already."""

    code: ClassVar[str] = "SCHEDULE_EXISTS"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "There is a schedule of this name already"
    recovery: ClassVar[str] = "Choose another name, or change the one there is with PATCH."


def _without_defaults(schema: dict[str, Any]) -> None:
    """What a change does not name stays: a default in its schema would be sent, and overwrite it."""
    for field in schema["properties"].values():
        field.pop("default", None)


class NewSchedule(BaseModel):
    """The body that makes a schedule."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Word = Field(description="Yours to choose; no two schedules share one.")
    cron: str = Cron
    timezone: str = Timezone
    kind: Word = Field(description="What its jobs do.")
    payload: dict[str, Any] = Field(default_factory=dict)
    priority: Level = Priority.NORMAL.value
    metadata: dict[str, Any] = Field(default_factory=dict)
    max_retries: int | None = MaxRetries
    timeout: float | None = Timeout
    source_id: Word | None = None
    related_dataset_id: Word | None = None
    paused: bool = False


class ScheduleChange(BaseModel):
    """The body that changes a schedule; what it does not name stays."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_without_defaults)

    name: Word = ""
    cron: str = Field("", max_length=200)
    timezone: str = Timezone
    kind: Word = ""
    payload: dict[str, Any] = Field(default_factory=dict)
    priority: Level = Priority.NORMAL.value
    metadata: dict[str, Any] = Field(default_factory=dict)
    max_retries: int | None = MaxRetries
    timeout: float | None = Timeout
    source_id: Word | None = None
    related_dataset_id: Word | None = None
    paused: bool = False


def schedule_id_of(text: str) -> UUID:
    """The id in a path. Raises ``ScheduleNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ScheduleNotFound from error


def job_of(schedule: Mapping[str, Any], *, job_id: UUID, tenant: str, door: Door) -> NewJob:
    """The job that a schedule makes, as if whoever made the schedule had submitted it.

    Raises ``KindNotAccepted``, ``MetadataTooLarge``, ``InvalidRequest``.
    """
    wanted = {name: schedule[name] for name in OF_ITS_JOBS}
    submission = Submission.model_validate(wanted)
    by = schedule.get("created_by")
    return new_job(submission, job_id=job_id, tenant=tenant, kinds=door.kinds, by_file=door.by_file, created_by=by)


async def refuse_what_makes_no_job(
    tx: Transaction, schedule: Mapping[str, Any], *, job_id: UUID, tenant: str, door: Door
) -> None:
    """Raises what a submission of the schedule's job would be refused with."""
    refuse_unkept({name: schedule[name] for name in NewSchedule.model_fields})
    await try_accept(tx, job_of(schedule, job_id=job_id, tenant=tenant, door=door), door=door)


def body(row: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule as callers see it; a paused one has no next time."""
    return {
        "schedule_id": str(row["id"]),
        **{name: row[name] for name in ("name", "cron", "timezone", *OF_ITS_JOBS)},
        "priority": Priority(row["priority"]).name,
        "paused": row["paused"],
        "next_at": None if row["paused"] else instant(row["next_at"]),
        "last_at": instant(row["last_at"]),
        "last_job_id": None if row["last_job_id"] is None else str(row["last_job_id"]),
        "last_error": row["last_error"],
        "created_at": instant(row["created_at"]),
    }
