"""Run a data source: what it collects from is submitted, each part as a job of its own."""

from collections import Counter
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from services.intake.data_sources.capture_job import capture_job
from services.intake.data_sources.held_source import held_source
from services.intake.data_sources.order import in_config, order_of
from services.jobs.job import Done, Job, NewJob, Outcome, Snooze
from services.jobs.store import admission, views
from services.jobs.submitting.admission import Door, accept, admit
from services.jobs.submitting.room import PATIENCE_SECONDS, QueueFull, fits_ever


async def run_source(job: Job, *, door: Door, database: Database) -> Outcome:
    """Submit a website's pages, or a crawl's order, as the config says now: once an attempt, however often it is tried.

    While their queue is full it waits. Raises ``SourceGone``, ``SourceRunsNothing``, ``BatchNeverFits``, and what the
    order is refused with.
    """
    try:
        return await _submitted(job, door=door, database=database)
    except QueueFull as full:
        return Snooze(seconds=full.retry_after or PATIENCE_SECONDS, reason=full.detail)


async def _submitted(job: Job, *, door: Door, database: Database) -> Done:
    async with database.transaction() as tx:
        source = await held_source(tx, job.payload["source_id"], tenant=job.tenant)
        run = await views.one(tx, job.id, tenant=job.tenant)
        parts = _parts(source, job, created_by=run["created_by"] if run else None, door=door)
        fits_ever(Counter(part.queue for part in parts), room=door.room)
        if await admission.known(tx, parts[0].id) is None:
            await admit(tx, [await _accepted(tx, part, door) for part in parts], room=door.room)
    return Done(result={"submitted": len(parts), "jobs": [str(part.id) for part in parts]})


def _parts(source: Mapping[str, Any], job: Job, *, created_by: str | None, door: Door) -> list[NewJob]:
    whose: dict[str, Any] = {"tenant": job.tenant, "created_by": created_by}
    if source["source_type"] == "crawl":
        return [order_of(source, job_id=_id(job, 0), door=door, **whose)]
    return [
        capture_job(source, url, job_id=_id(job, number), metadata={"run_id": str(job.id)}, **whose)
        for number, url in enumerate(source["config"]["urls"])
    ]


def _id(job: Job, number: int) -> UUID:
    return uuid5(job.id, f"{job.attempt} {number}")


async def _accepted(tx: Transaction, part: NewJob, door: Door) -> NewJob:
    """Pages are ours; an order is its own context's to take."""
    if part.kind != "crawl":
        return part
    with in_config():
        return await accept(tx, part, door=door)
