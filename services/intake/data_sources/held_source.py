"""Which data sources can be run."""

from typing import Any, ClassVar
from uuid import UUID

from msgspec.structs import replace

from infra.postgres.database import Transaction
from infra.runtime.http.wrong_fields import wrong_field
from schemas.problem import Problem
from services.intake.store import sources
from services.jobs.job import NewJob


class SourceRunsNothing(Problem):
    """Nothing can be run of this source."""

    code: ClassVar[str] = "SOURCE_RUNS_NOTHING"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is nothing to run of this data source"
    recovery: ClassVar[str] = (
        "Files are uploaded to POST /api/v1/data-sources/{id}/files. A website needs `urls` in its config before it can"
        " be run."
    )


class SourceGone(Problem):
    """The source of a run was removed."""

    code: ClassVar[str] = "SOURCE_GONE"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "There is no such data source any more"
    recovery: ClassVar[str] = "GET /api/v1/data-sources lists your data sources; run one of these."


async def accept_run(tx: Transaction, job: NewJob) -> NewJob:
    """The job as it is queued: its source's, which is not removed meanwhile. Raises ``InvalidRequest``."""
    try:
        source = await held_source(tx, job.payload["source_id"], tenant=job.tenant)
    except (SourceGone, SourceRunsNothing) as refused:
        raise wrong_field("source_id", refused.detail) from refused
    return replace(job, source_id=str(source["id"]))


async def held_source(tx: Transaction, source_id: UUID | str, *, tenant: str) -> dict[str, Any]:
    """A source that can be run; it stays there until the transaction ends.

    Raises ``SourceGone``, ``SourceRunsNothing``.
    """
    source = await sources.hold(tx, UUID(str(source_id)), tenant=tenant)
    if source is None:
        raise SourceGone
    if source["source_type"] == "file_upload":
        raise SourceRunsNothing("Files come by hand: this source has no schedule and no runs")
    if source["source_type"] == "website" and not source["config"].get("urls"):
        raise SourceRunsNothing("The config of this website names no URLs")
    return source
