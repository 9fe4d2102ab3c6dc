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


class SourceTakesNoFiles(Problem):
    """Only sources of uploads take files."""

    code: ClassVar[str] = "SOURCE_TAKES_NO_FILES"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "This data source takes no files"
    recovery: ClassVar[str] = "Upload them to a data source of the type `file_upload`; the built-in one is `Files`."


async def submit_import(
    job: NewJob, source_id: UUID, *, room: int, object_name: str, lake: Lake, database: Database
) -> dict[str, Any]:
    """The job as callers see it, also where it was committed and the answer to that was lost.

    Raises ``SourceNotFound``, ``SourceTakesNoFiles``, ``QueueFull`` and ``DatabaseAway``: then the object is gone, but
    for one whose job may be there for all that anybody can tell.
    """
    try:
        return await _queue(job, source_id, room=room, database=database)
    except BaseException as error:
        row = await _left(job, object_name, lake=lake, database=database)
        if row is not None and isinstance(error, DatabaseAway):
            return source_job(row)
        raise


def require_takes_files(source: dict[str, Any] | None) -> None:
    """Raises ``SourceNotFound`` and ``SourceTakesNoFiles``."""
    if source is None:
        raise SourceNotFound
    if source["source_type"] != "file_upload":
        raise SourceTakesNoFiles(f"It is of the type {source['source_type']}")


async def _queue(job: NewJob, source_id: UUID, *, room: int, database: Database) -> dict[str, Any]:
    async with database.transaction() as tx:
        await admission.known(tx, job.id)  # until this has ended, for whoever looks whether it has
        require_takes_files(await sources.hold(tx, source_id, tenant=job.tenant))
        await admit(tx, [job], room=room)
        row = await views.one(tx, job.id, tenant=job.tenant)
    assert row is not None  # noqa: S101  # queued a moment ago
    return source_job(row)


async def _left(job: NewJob, object_name: str, *, lake: Lake, database: Database) -> dict[str, Any] | None:
    """The job if it was committed after all; if it never will be, its file goes."""
    try:
        async with database.transaction() as tx:
            known = await admission.known(tx, job.id)
            row = await views.one(tx, job.id, tenant=job.tenant)
    except DatabaseAway:
        return None
    if known is None:
        await lake.delete(object_name)
    return row
