"""Jobs, pages of them, and batches."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.jobs.shapes import STATUSES

Status = Literal[STATUSES]  # type: ignore[valid-type]  # the words of all faces
"""A job's status under ``/api/background``."""

Rank = Literal["CRITICAL", "HIGH", "NORMAL", "LOW", "BACKGROUND"]
Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next_page_token: str | None = Field(description="Where the list goes on; null at its end.")


class JobError(BaseModel):
    """Why a job failed, or why its last try did."""

    model_config = ConfigDict(populate_by_name=True)

    error_class: str | None = Field(alias="class", description="What the failure means for the job.")
    code: str
    stage: str | None
    message: str | None
    recovery: str | None = Field(description="What to do about it.")


class WaitingFor(BaseModel):
    """Why a job is not being worked on."""

    reason: str
    last_error: str | None
    tries: int
    next_try: datetime | None = Field(description="Null where it is not known, or a pause or a limit holds it longer.")


class Job(BaseModel):
    """Everything about a job."""

    job_id: UUID
    kind: str
    status: Status
    priority: Rank
    progress: float = Field(ge=0, le=100)
    current_step: str | None
    steps_completed: list[str]
    message: str | None
    waiting_for: WaitingFor | None = Field(description="Null while it is worked on, and once it is over.")
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    due_at: datetime | None
    queue: str
    attempt: int
    retry_count: int
    claims: int = Field(ge=0, description="How many workers took it since it last got on.")
    max_retries: int = Field(ge=0, description="As the job says, or else the settings.")
    timeout: float = Field(gt=0, description="Seconds; as the job says, or else its kind or the settings.")
    error_message: str | None
    error: JobError | None
    payload: dict[str, Any] = Field(description="What the kind was given, without credentials.")
    result: dict[str, Any] | None
    metadata: dict[str, Any]
    related_dataset_id: str | None
    source_id: str | None
    batch_id: UUID | None
    schedule_id: UUID | None
    created_by: str | None
    wanted: Literal["cancel", "pause"] | None = Field(description="A command that its worker has not heeded yet.")
    discarded_at: datetime | None = Field(description="Since when it is no dead letter any more.")
    discard_reason: str | None


class Progress(BaseModel):
    """How far a job is."""

    job_id: UUID
    status: Status
    progress: float = Field(ge=0, le=100)
    current_step: str | None
    steps_completed: list[str]
    estimated_time_remaining: float | None = Field(description="Seconds; null where it would be a guess.")
    message: str | None


class JobV2(BaseModel):
    """A job as lists show it."""

    id: UUID
    job_type: str
    status: Literal["queued", "running", "paused", "completed", "failed", "cancelled"]
    progress: int = Field(ge=0, le=100)
    current_step: str | None
    related_dataset_id: str | None
    created_by: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    error: str | None
    job_metadata: dict[str, Any]
    message: str | None
    priority: Rank
    queue: str
    source_id: str | None
    batch_id: UUID | None


class Happening(BaseModel):
    """A line of a job's timeline: what happened, and how the job was after it."""

    at: datetime
    type: str
    attempt: int
    status: Status
    progress: float = Field(ge=0, le=100)
    current_step: str | None
    message: str | None
    retry_count: int
    data: dict[str, Any]


class BatchError(JobError):
    """Why a job of a batch failed."""

    job_id: UUID


class BatchResult(BaseModel):
    """What became of a batch."""

    batch_id: UUID
    status: Literal["processing", "completed"]
    total_jobs: int
    successful: int
    failed: int
    cancelled: int
    processing: int
    queued: int
    archived: int
    processing_time: float = Field(description="Seconds.")
    jobs: list[Job]
    errors: list[BatchError] = Field(description="The first ones.")
    next_page_token: str | None = Field(description="Where the jobs go on; null at their end.")


class SubmittedBatch(BatchResult):
    """What became of a batch until now, and the ids of its jobs in their order."""

    job_ids: list[UUID]
