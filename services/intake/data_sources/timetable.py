"""When a source runs by itself: a schedule of jobs that has the source's id."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from infra.postgres.database import Transaction
from services.intake.data_sources.held_source import held_source
from services.jobs.schedules.cron import next_fire
from services.jobs.schedules.schedule import Cron, NewSchedule, Timezone
from services.jobs.shapes import instant
from services.jobs.store import schedules

KIND = "source_run"
_OF_THE_JOB = "payload.source_id: "  # the place of what a run is refused with; whoever looks at a source knows which


class Timetable(BaseModel):
    """When a source runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: str = Cron
    timezone: str = Timezone
    paused: bool = False


async def keep_timetable(
    tx: Transaction,
    source_id: UUID,
    wanted: Timetable | None,
    *,
    now: datetime,
    tenant: str,
    created_by: str | None,
) -> None:
    """The source runs as is wanted from now on; None: by hand only.

    Raises ``CronRefused``, ``CronNeverFires``, ``TimezoneUnknown``, ``SourceRunsNothing``.
    """
    there = await schedules.lock(tx, source_id, tenant=tenant)
    if wanted is None:
        await schedules.remove(tx, source_id, tenant=tenant)
        return
    await held_source(tx, source_id, tenant=tenant)
    said = _said(source_id, wanted)
    next_at = next_fire(wanted.cron, wanted.timezone, after=now)
    if there is None:
        await schedules.add(tx, source_id, said, next_at=next_at, tenant=tenant, created_by=created_by)
    elif any(there[name] != said[name] for name in ("cron", "timezone", "paused")):
        await schedules.change(tx, source_id, {**there, **said, "next_at": next_at})


async def timetables(tx: Transaction, source_ids: list[UUID], *, tenant: str) -> dict[UUID, dict[str, Any]]:
    """When these sources run and what came of the last time, as callers see it; those that run by hand are left out."""
    return {row["id"]: _body(row) for row in await schedules.some(tx, source_ids, tenant=tenant)}


def _said(source_id: UUID, wanted: Timetable) -> dict[str, Any]:
    """As whoever makes a schedule says it; its name is nobody else's, since ids are not."""
    schedule = NewSchedule(
        name=f"data source {source_id}",
        kind=KIND,
        payload={"source_id": str(source_id)},
        source_id=str(source_id),
        **wanted.model_dump(),
    )
    return schedule.model_dump()


def _body(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cron": row["cron"],
        "timezone": row["timezone"],
        "paused": row["paused"],
        "next_at": None if row["paused"] else instant(row["next_at"]),
        "last_at": instant(row["last_at"]),
        "last_job_id": None if row["last_job_id"] is None else str(row["last_job_id"]),
        "last_error": row["last_error"] and row["last_error"].removeprefix(_OF_THE_JOB),
    }
