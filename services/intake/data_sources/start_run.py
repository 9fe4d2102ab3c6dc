"""Run a data source now."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.intake.data_sources.held_source import held_source
from services.intake.data_sources.source import SourceNotFound
from services.intake.data_sources.timetable import KIND
from services.intake.store import sources
from services.jobs.shapes import source_job
from services.jobs.store import admission, views
from services.jobs.submitting.admission import Door, admit
from services.jobs.submitting.idempotency import IdempotencyKey, IdempotencyMismatch, keyed_id
from services.jobs.submitting.submission import Submission, new_job


async def start_run(
    source_id: UUID,
    *,
    job_id: UUID,
    key: IdempotencyKey | None,
    tenant: str,
    door: Door,
    database: Database,
    created_by: str | None = None,
) -> dict[str, Any]:
    """The job of the run, as callers see it; under a known key its first one.

    Raises ``SourceNotFound``, ``SourceRunsNothing``, ``IdempotencyMismatch``, ``QueueFull``.
    """
    said = {"kind": KIND, "payload": {"source_id": str(source_id)}, "source_id": str(source_id)}
    submission = Submission.model_validate(said)
    job = new_job(
        submission,
        job_id=job_id if key is None else keyed_id(key, tenant=tenant, of="run"),
        tenant=tenant,
        created_by=created_by,
        kinds=door.kinds,
        by_file=door.by_file,
        fingerprint=key.fingerprint if key else None,
    )
    async with database.transaction() as tx:
        if await sources.hold(tx, source_id, tenant=tenant) is None:
            raise SourceNotFound
        known = await admission.known(tx, job.id) if key else None
        if known is None:
            await held_source(tx, source_id, tenant=tenant)
            await admit(tx, [job], room=door.room)
        elif known != job.fingerprint:
            raise IdempotencyMismatch
        row = await views.one(tx, job.id, tenant=tenant)
    assert row is not None  # noqa: S101  # queued a moment ago, or known
    return source_job(row)
