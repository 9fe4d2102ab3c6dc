"""Accept one job."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Database
from services.jobs.store import admission, views
from services.jobs.submitting.admission import Door, accept, admit
from services.jobs.submitting.idempotency import IdempotencyKey, IdempotencyMismatch, keyed_id
from services.jobs.submitting.submission import Submission, new_job


async def submit_job(
    submission: Submission,
    *,
    job_id: UUID,
    key: IdempotencyKey | None,
    tenant: str,
    door: Door,
    database: Database,
    created_by: str | None = None,
) -> dict[str, Any]:
    """The accepted job's row; under a key that was used before, the job it stands for.

    Raises ``KindNotAccepted``, ``MetadataTooLarge``, ``InvalidRequest``, ``IdempotencyMismatch``, ``QueueFull`` and
    what the kind refuses it with.
    """
    job = new_job(
        submission,
        job_id=job_id if key is None else keyed_id(key, tenant=tenant, of="job"),
        tenant=tenant,
        created_by=created_by,
        kinds=door.kinds,
        by_file=door.by_file,
        fingerprint=key.fingerprint if key else None,
    )
    async with database.transaction() as tx:
        known = await admission.known(tx, job.id) if key else None
        if known is None:
            await admit(tx, [await accept(tx, job, door=door)], room=door.room)
        elif known != job.fingerprint:
            raise IdempotencyMismatch
        row = await views.one(tx, job.id, tenant=tenant)
    assert row is not None  # noqa: S101  # queued a moment ago, or known
    return row
