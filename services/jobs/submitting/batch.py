"""Many jobs submitted in one request, and their ids."""

from typing import Any, ClassVar
from uuid import UUID

from pydantic import Field, ValidationError

from infra.runtime.http.wrong_fields import wrong_fields
from schemas.problem import Problem
from services.jobs.submitting.submission import JobFields, Submission

MOST_JOBS = 10_000
MOST_BYTES = 16 << 20  # of the request that brings them
_COUNTED = (1 << 16) - 1


class BatchTooLarge(Problem):
    """More jobs than one batch takes."""

    code: ClassVar[str] = "BATCH_TOO_LARGE"
    status: ClassVar[int] = 413
    title: ClassVar[str] = "A batch takes at most 10,000 jobs"
    recovery: ClassVar[str] = "Split it into several batches of at most `limit` jobs."


class BatchNotFound(Problem):
    """There is no such batch for this caller."""

    code: ClassVar[str] = "NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no batch with this id"
    recovery: ClassVar[str] = "Check the batch_id that submit-batch answered."


class Batch(JobFields):
    """The body of a batch: what holds for all jobs, then each job; its payload and metadata add to the common ones."""

    jobs: list[JobFields] = Field(min_length=1, description="At most 10,000; all are accepted, or none.")


def submissions(batch: Batch) -> list[Submission]:
    """Each job with what holds for all. Raises ``BatchTooLarge``, ``InvalidRequest``."""
    if len(batch.jobs) > MOST_JOBS:
        raise BatchTooLarge(f"The batch has {len(batch.jobs)} jobs, allowed are {MOST_JOBS}", limit=MOST_JOBS)
    common = batch.model_dump(exclude={"jobs"}, exclude_unset=True)
    return [_submission(number, common, job) for number, job in enumerate(batch.jobs)]


def job_ids(batch_id: UUID, total: int) -> list[UUID]:
    """The ids of a batch's jobs, in their order: the batch's own with the number of the job at its end."""
    return [UUID(int=(batch_id.int & ~_COUNTED) | number) for number in range(total)]


def batch_id_of(text: str) -> UUID:
    """The id in a path. Raises ``BatchNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise BatchNotFound from error


def _submission(number: int, common: dict[str, Any], job: JobFields) -> Submission:
    own = job.model_dump(exclude_unset=True)
    added = {name: {**common.get(name, {}), **own.get(name, {})} for name in ("payload", "metadata")}
    try:
        return Submission.model_validate({**common, **own, **added})
    except ValidationError as error:
        raise wrong_fields(error, below=f"jobs.{number}") from error
