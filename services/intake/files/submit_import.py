"""Queue the import of a file that lies in the lake; the file stays if its job is there, and only then."""

from typing import Any, ClassVar
from uuid import UUID

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.lake import Lake
from schemas.problem import Problem
from services.intake.data_sources.source import SourceNotFound
from services.intake.store import sources
from services.jobs.job import NewJob
from services.jobs.shapes import source_job
from services.jobs.store import admission, views
from services.jobs.submitting.admission import admit
from services.jobs.submitting.idempotency import IdempotencyMismatch


class SourceTakesNoFiles(Problem):
    """Only sources of uploads take files."""

    code: ClassVar[str] = "SOURCE_TAKES_NO_FILES"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "This data source takes no files"
    recovery: ClassVar[str] = "Upload them to a data source of the type `file_upload`; the built-in one is `Files`."


async def submit_import(
    job: NewJob, source_id: UUID, *, room: int, object_name: str, lake: Lake, database: Database
) -> dict[str, Any]:
    """The job as callers see it, also where the answer to its commit was lost; under a known key its first one.

    Raises ``SourceNotFound``, ``SourceTakesNoFiles``, ``IdempotencyMismatch``, ``QueueFull`` and ``DatabaseAway``: then
    the object is gone, but for one whose job may be there for all that anybody can tell.
    """
    try:
        row = await _queue(job, source_id, room=room, database=database)
    except BaseException as error:
        left = await _left(job, object_name, lake=lake, database=database)
        if left is not None and isinstance(error, DatabaseAway):
            return source_job(left)
        raise
    if _has_another(row, object_name):
        await lake.delete(object_name)
    return source_job(row)


def require_takes_files(source: dict[str, Any] | None) -> None:
    """Raises ``SourceNotFound`` and ``SourceTakesNoFiles``."""
    if source is None:
        raise SourceNotFound
    if source["source_type"] != "file_upload":
        raise SourceTakesNoFiles(f"It is of the type {source['source_type']}")


async def _queue(job: NewJob, source_id: UUID, *, room: int, database: Database) -> dict[str, Any]:
    async with database.transaction() as tx:
        known = await admission.known(tx, job.id)  # until this has ended, for whoever looks whether it has
        require_takes_files(await sources.hold(tx, source_id, tenant=job.tenant))
        if known is None:
            await admit(tx, [job], room=room)
        elif known != job.fingerprint:
            raise IdempotencyMismatch
        row = await views.one(tx, job.id, tenant=job.tenant)
    assert row is not None  # noqa: S101  # queued a moment ago, or known
    return row


async def _left(job: NewJob, object_name: str, *, lake: Lake, database: Database) -> dict[str, Any] | None:
    """The job if it was committed after all, by this request or an equal one; a file that it has no use for goes."""
    try:
        async with database.transaction() as tx:
            known = await admission.known(tx, job.id)
            row = await views.one(tx, job.id, tenant=job.tenant)
    except DatabaseAway:
        return None
    if row is None or _has_another(row, object_name):
        await lake.delete(object_name)
    return row if known == (job.fingerprint or "") else None


def _has_another(row: dict[str, Any], object_name: str) -> bool:
    return bool(row["payload"]["object_name"] != object_name)
