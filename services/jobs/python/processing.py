"""Jobs as Python code sees them: the data classes of the Python face. Progress is 0 to 100."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from services.jobs import shapes
from services.jobs.limiting import Limiting
from services.jobs.limits import Limits
from services.jobs.rank import Priority

ProcessingPriority = Priority


class ProcessingStatus(StrEnum):
    """Where a job is; the same words as in every other face."""

    QUEUED = "queued"
    PROCESSING = "processing"
    CLASSIFYING = "classifying"
    EXTRACTING = "extracting"
    INTEGRATING = "integrating"
    QUALITY_CHECK = "quality_check"
    RETRYING = "retrying"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.value in shapes.ENDED


@dataclass(frozen=True, kw_only=True)
class ProcessingJob:
    """A job as it was when it was asked for. ``error_message`` is that of the last try, also where another follows."""

    job_id: str
    kind: str
    file_path: str | None
    priority: ProcessingPriority
    status: ProcessingStatus
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    progress: float
    current_step: str | None
    retry_count: int
    max_retries: int
    error_message: str | None
    result: dict[str, Any] | None
    metadata: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ProcessingProgress:
    """How far a job is. ``estimated_time_remaining`` is in seconds, None where it would be a guess."""

    job_id: str
    status: ProcessingStatus
    progress: float
    current_step: str | None
    steps_completed: list[str]
    estimated_time_remaining: float | None
    message: str | None


@dataclass(frozen=True, kw_only=True)
class BatchProcessingResult:
    """What became of jobs that were submitted together; ``processing_time`` is in seconds.

    Who is not over yet is neither successful, failed nor cancelled. ``errors`` has one entry a failed job.
    """

    total_jobs: int
    successful: int
    failed: int
    cancelled: int
    processing_time: float
    jobs: list[ProcessingJob]
    errors: list[dict[str, Any]]


def processing_job(row: Mapping[str, Any], limits: Limits) -> ProcessingJob:
    """A row as a job, with the limits that hold for it."""
    return ProcessingJob(
        job_id=str(row["id"]),
        kind=row["kind"],
        file_path=row["payload"].get("file_path"),
        priority=ProcessingPriority(row["priority"]),
        status=_status(row),
        created_at=row["created_at"],
        started_at=row["started_at"],
        completed_at=row["finished_at"],
        progress=round(row["progress"], 2),
        current_step=row["step"],
        retry_count=row["tries"],
        max_retries=limits.max_retries,
        error_message=row["error_message"],
        result=row["result"],
        metadata=row["metadata"],
    )


def processing_progress(row: Mapping[str, Any], *, remaining: float | None) -> ProcessingProgress:
    """A row as progress; ``remaining`` is in seconds."""
    body = shapes.progress(row, remaining=remaining)
    return ProcessingProgress(**{**body, "status": ProcessingStatus(body["status"])})


def update(line: Mapping[str, Any]) -> ProcessingProgress:
    """A line of the timeline as progress, as it was then."""
    body = shapes.job_update(line)
    return ProcessingProgress(
        job_id=body["job_id"],
        status=ProcessingStatus(body["status"]),
        progress=body["progress"],
        current_step=body["current_step"],
        steps_completed=body["steps_completed"],
        estimated_time_remaining=None,
        message=body["message"],
    )


def batch_processing_result(
    rows: Sequence[Mapping[str, Any]], *, seconds: float, limiting: Limiting
) -> BatchProcessingResult:
    """The result of these jobs after so many seconds."""
    jobs = [processing_job(row, limiting.of(row)) for row in rows]
    counts = {word: sum(job.status == word for job in jobs) for word in shapes.ENDED}
    return BatchProcessingResult(
        total_jobs=len(jobs),
        successful=counts["completed"],
        failed=counts["failed"],
        cancelled=counts["cancelled"],
        processing_time=seconds,
        jobs=jobs,
        errors=[{"job_id": str(row["id"]), **(shapes.error(row) or {})} for row in rows if row["state"] == "failed"],
    )


def _status(row: Mapping[str, Any]) -> ProcessingStatus:
    started = row["started_at"] is not None
    return ProcessingStatus(shapes.status(state=row["state"], step=row["step"], tries=row["tries"], started=started))
