"""Make the jobs of the schedules that are due: each firing makes one job, whoever looks and however often."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import structlog
from msgspec.structs import replace

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database, Transaction
from infra.runtime.telemetry.redaction import scrub
from schemas.problem import Problem, ProblemClass
from services.jobs.schedules.cron import next_fire
from services.jobs.store import admission, schedules
from services.jobs.store.rows import said, storable
from services.jobs.submitting.admission import Door, accept, admit

log = structlog.get_logger()

AT_ONCE = 100
LEAST_SECONDS, MOST_SECONDS = 1.0, 30.0  # until a firing that made no job is tried again


async def run_schedules(*, door: Door, database: Database) -> int:
    """Once through; returns how many jobs were made. A schedule that missed several firings makes up for one.

    One whose queue is full, whose job is refused for now, or that cannot be fired for a reason nobody foresaw, is tried
    again later: others come meanwhile. One whose job is refused for good says why and goes on to its next time.
    """
    async with database.reading() as tx:
        due = await schedules.due(tx, limit=AT_ONCE)
    made = 0
    for schedule_id in due:
        try:
            async with database.transaction() as tx:
                made += await _fire(tx, schedule_id, door)
        except DatabaseAway:
            raise
        except Exception as error:
            log.exception("schedule could not be fired", schedule_id=str(schedule_id))
            async with database.transaction() as tx:
                await _later(tx, schedule_id, storable(scrub(f"{type(error).__name__}: {error}")[:500]))
    return made


async def _fire(tx: Transaction, schedule_id: UUID, door: Door) -> bool:
    row = await schedules.take(tx, schedule_id)
    if row is None:
        return False  # somebody else has it, or it was changed
    job_id = job_id_of(schedule_id, row["next_at"])
    try:
        next_at = next_fire(row["cron"], row["timezone"], after=row["now"])
        async with tx.connection.transaction():  # what its kind wrote goes with a refusal
            await _enqueue(tx, row, job_id, door)
    except Problem as problem:
        if problem.kind is ProblemClass.RETRY:
            await _later(tx, schedule_id, said(problem))
            return False
        log.warning("schedule made no job", schedule=row["name"], code=problem.code, detail=problem.detail)
        await _refused(tx, row, problem)
    else:
        await schedules.fired(tx, schedule_id, job_id, next_at=next_at)
        return True
    return False


def job_id_of(schedule_id: UUID, fire_at: datetime) -> UUID:
    """The id of the job of one firing."""
    return uuid5(schedule_id, fire_at.isoformat())


async def _enqueue(tx: Transaction, row: Mapping[str, Any], job_id: UUID, door: Door) -> None:
    if await admission.known(tx, job_id) is not None:
        return
    from services.jobs.schedules.schedule import job_of  # noqa: PLC0415  # who fires none needs no pydantic

    job = replace(job_of(row, job_id=job_id, tenant=row["tenant"], door=door), schedule_id=row["id"])
    await admit(tx, [await accept(tx, job, door=door)], room=door.room)


async def _later(tx: Transaction, schedule_id: UUID, why: str) -> None:
    await schedules.put_off(tx, schedule_id, why, least=LEAST_SECONDS, most=MOST_SECONDS)


async def _refused(tx: Transaction, row: Mapping[str, Any], problem: Problem) -> None:
    try:
        next_at = next_fire(row["cron"], row["timezone"], after=row["now"])
    except Problem as never:
        await schedules.rest(tx, row["id"], said(never))
    else:
        await schedules.skipped(tx, row["id"], said(problem), next_at=next_at)
