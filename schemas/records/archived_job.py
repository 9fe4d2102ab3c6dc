"""One finished job, as the warehouse keeps it."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.records.table_names import JOB_HISTORY


class ArchivedJob(BaseModel):
    """A row of the table ``job_history``: a job that ended so long ago that PostgreSQL does not hold it any more."""

    model_config = ConfigDict(frozen=True)

    table: ClassVar[str] = JOB_HISTORY
    partition: ClassVar[str] = "finished_at"
    clustering: ClassVar[tuple[str, ...]] = ("job_id", "tenant", "kind")

    load_id: str = Field(description="The batch it was archived with.")
    job_id: str
    attempt: int = Field(description="The user-visible run that ended last, from 1.")
    tenant: str
    kind: str
    queue: str
    state: str = Field(description="How it ended: completed, failed or cancelled.")
    priority: int = Field(description="0 (critical) to 4 (background).")
    created_at: datetime
    enqueued_at: datetime
    rank_at: datetime = Field(description="Its place in the order of all jobs.")
    due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime
    tries: int = Field(description="Failures within the last attempt.")
    max_tries: int | None
    timeout_seconds: float | None
    claims: int
    worker: str | None
    progress: float = Field(description="0 to 100.")
    step: str | None
    steps_completed: str = Field(description="A JSON list of steps.")
    message: str | None
    payload: str = Field(description="JSON.")
    result: str | None = Field(description="JSON.")
    metadata: str = Field(description="JSON.")
    source_id: str | None
    related_dataset_id: str | None
    created_by: str | None
    batch_id: str | None
    schedule_id: str | None
    discarded_at: datetime | None
    discard_reason: str | None
    error_class: str | None
    error_code: str | None
    error_stage: str | None
    error_message: str | None
    error_recovery: str | None
    traceparent: str | None = Field(description="The trace it belongs to.")
