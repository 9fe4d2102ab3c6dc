"""How a crawl ends without a result: one event, with the stage and a way out."""

from typing import ClassVar

from infra.postgres.database import Transaction
from schemas.problem import Problem
from services.crawling.spending.settle import settle_ended
from services.crawling.store import crawls, polls
from services.jobs.job import Job
from services.jobs.store.rows import said

STAGES = (
    "metadata_not_found",
    "trigger",
    "provider",
    "polling_timeout",
    "download",
    "storage",
    "warehouse",
    "background_exception",
    "cancelled",
)
DEAD_SNAPSHOT = {"PROVIDER_JOB_FAILED", "RESULT_EXPIRED"}

_BY_CODE = {"STORE": "storage", "WAREHOUSE": "warehouse", "RESULT": "download", "ROW": "download"}
_BY_QUEUE = {"submit": "trigger", "poll": "provider", "store": "download", "load": "warehouse"}
_UNFORESEEN = {"INTERNAL", "POISON_MESSAGE", "UNKNOWN_KIND"}


class CrawlCancelled(Problem):
    """Somebody cancelled the crawl."""

    code: ClassVar[str] = "CANCELLED"
    stage: ClassVar[str] = "cancelled"
    title: ClassVar[str] = "The crawl was cancelled"
    recovery: ClassVar[str] = "Use retry-background to run it again; a snapshot that is still there is used again."


class MetadataNotFound(Problem):
    """A job without its crawl."""

    code: ClassVar[str] = "INTERNAL"
    stage: ClassVar[str] = "metadata_not_found"
    title: ClassVar[str] = "The crawl's own row is missing"
    recovery: ClassVar[str] = "Trigger the crawl again; the rows were removed while it ran."


def stage_of(job: Job, problem: Problem) -> str:
    """Which of the published stages a failure belongs to."""
    named = getattr(problem, "stage", None)
    if named in STAGES:
        return str(named)
    if problem.code in _UNFORESEEN:
        return "background_exception"
    return _BY_CODE.get(problem.code.split("_")[0], _BY_QUEUE.get(job.queue, "background_exception"))


async def crawl_failed(tx: Transaction, job: Job, problem: Problem) -> None:
    """Tell that this attempt is over; commits with the job's change of state."""
    from schemas.events.crawl_failed import CrawlFailed  # noqa: PLC0415  # who tells none needs no pydantic

    if problem.code in DEAD_SNAPSHOT:
        await crawls.snapshot_died(tx, job.id, status="")
    await polls.stop(tx, job.id)
    await settle_ended(tx, job.id, tenant=job.tenant, code=problem.code)
    await tx.record(
        CrawlFailed(
            crawl_id=str(job.id),
            attempt=job.attempt,
            error=said(problem),
            code=problem.code,
            stage=stage_of(job, problem),
            recovery=problem.way_out,
        ),
        tenant=job.tenant,
    )
