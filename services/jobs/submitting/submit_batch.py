"""Accept many jobs at once, or none of them."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import replace

from infra.postgres.database import Database, Transaction
from infra.runtime.http.wrong_fields import placed
from schemas.problem import Problem
from services.jobs.job import NewJob
from services.jobs.store import batches
from services.jobs.submitting.admission import Door, accept, admit
from services.jobs.submitting.batch import Batch, job_ids, submissions
from services.jobs.submitting.idempotency import IdempotencyKey, IdempotencyMismatch, keyed_id
from services.jobs.submitting.room import fits_ever, places
from services.jobs.submitting.submission import new_job


async def submit_batch(
    batch: Batch,
    *,
    batch_id: UUID,
    key: IdempotencyKey | None,
    tenant: str,
    door: Door,
    database: Database,
    created_by: str | None = None,
) -> tuple[UUID, list[UUID]]:
    """The batch's id and those of its jobs, in their order; under a key that was used before, the first ones.

    Raises ``BatchTooLarge``, ``BatchNeverFits``, ``IdempotencyMismatch``, ``QueueFull``, and what ``submit_job``
    raises, with the ``index`` of the job.
    """
    if key is not None:
        batch_id = keyed_id(key, tenant=tenant, of="batch")
    made = await asyncio.to_thread(_jobs, batch, batch_id, tenant, door)  # thousands take a while to check
    jobs = [replace(job, created_by=created_by) for job in made]
    fingerprint = key.fingerprint if key else None
    async with database.transaction() as tx:
        known = await batches.known(tx, batch_id) if key else None
        if known is None:
            fits_ever(await places(tx, jobs), room=door.room)
            await batches.add(tx, batch_id, tenant=tenant, total_jobs=len(jobs), fingerprint=fingerprint)
            await admit(tx, await _accepted(tx, jobs, door), room=door.room)
        elif known["fingerprint"] != fingerprint:
            raise IdempotencyMismatch
    return batch_id, [job.id for job in jobs]


def _jobs(batch: Batch, batch_id: UUID, tenant: str, door: Door) -> list[NewJob]:
    wanted = submissions(batch)
    made = []
    for number, (job_id, submission) in enumerate(zip(job_ids(batch_id, len(wanted)), wanted, strict=True)):
        try:
            job = new_job(submission, job_id=job_id, tenant=tenant, kinds=door.kinds, by_file=door.by_file)
        except Problem as problem:
            raise _of_job(problem, number) from problem
        made.append(replace(job, batch_id=batch_id))
    return made


async def _accepted(tx: Transaction, jobs: Sequence[NewJob], door: Door) -> list[NewJob]:
    accepted = []
    for number, job in enumerate(jobs):
        try:
            accepted.append(await accept(tx, job, door=door))
        except Problem as problem:
            raise _of_job(problem, number) from problem
    return accepted


def _of_job(problem: Problem, number: int) -> Problem:
    found = placed(problem, f"jobs.{number}")
    found.extra["index"] = number
    return found
