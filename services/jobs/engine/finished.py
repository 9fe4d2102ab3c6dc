"""What the engine tells of jobs whose end has no event of its own."""

from typing import TYPE_CHECKING, Any, Literal

from schemas.problem import Problem
from services.jobs.job import Job
from services.jobs.store.rows import said

if TYPE_CHECKING:
    from schemas.events.job_finished import JobFinished


def be_ready() -> None:
    """Load what it takes to tell an end, about 50 ms: who stays does so before the first job, not during it."""
    from schemas.events.job_finished import JobFinished  # noqa: PLC0415  # see above

    JobFinished.model_rebuild()


def finished(
    job: Job,
    status: Literal["completed", "failed", "cancelled"],
    *,
    result: dict[str, Any] | None = None,
    problem: Problem | None = None,
) -> "JobFinished":
    """The fact that this attempt is over."""
    from schemas.events.job_finished import JobFinished  # noqa: PLC0415  # who tells none needs no pydantic

    return JobFinished(
        job_id=str(job.id),
        attempt=job.attempt,
        kind=job.kind,
        status=status,
        batch_id=str(job.batch_id) if job.batch_id else None,
        code=problem.code if problem else None,
        error=said(problem) if problem else None,
        result=result,
    )
