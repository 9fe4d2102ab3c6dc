"""What commands answer, dead letters and schedules."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.jobs.bodies.jobs import JobError, Rank

Source = Literal["jobs", "bus"]


class Stopped(BaseModel):
    """A full queue, because of which the rest was left as it is."""

    code: str
    detail: str
    recovery: str
    retry_after: float
    queue: str
    waiting: int
    limit: int
    share: int = Field(description="How many of the caller's may wait there, whatever others have.")


class Counted(BaseModel):
    """How many fitted, did it, and refused."""

    dry_run: bool
    matched: int
    changed: int
    refused: int
    stopped: Stopped | None


class BulkResult(Counted):
    """What became of a command to many jobs."""

    command: Literal["cancel", "retry", "priority"]
    more: bool = Field(description="More fits than the limit allowed.")


class Paused(BaseModel):
    """Which queues are paused."""

    all_paused: bool
    paused: list[str]


class QueueLimits(BaseModel):
    """How many jobs of a queue may run at once; null: any number."""

    queue: str
    concurrency: int | None
    tenant_concurrency: int | None


class DeadLetter(BaseModel):
    """A job that failed for good, or a message that nobody could take."""

    id: UUID
    source: Source
    kind: str
    queue: str
    attempt: int
    tries: int
    code: str | None
    reason: str | None
    error: JobError | None
    payload: str = Field(description="Where to look for what it carried.")
    source_id: str | None
    failed_at: datetime


class DeadLetterFound(DeadLetter):
    """A dead letter, and what it carried."""

    content: dict[str, Any] = Field(description="A job's payload or an event's data, without credentials.")


class Settled(BaseModel):
    """What was done with a dead letter."""

    id: UUID
    source: Source
    status: Literal["replayed", "discarded"]


class Schedule(BaseModel):
    """Jobs that come again and again."""

    schedule_id: UUID
    name: str
    cron: str
    timezone: str
    kind: str
    payload: dict[str, Any]
    priority: Rank
    metadata: dict[str, Any]
    max_retries: int | None
    timeout: float | None = Field(description="Seconds.")
    source_id: str | None
    related_dataset_id: str | None
    paused: bool
    next_at: datetime | None = Field(description="Null while it is paused.")
    last_at: datetime | None
    last_job_id: UUID | None
    last_error: str | None
    created_at: datetime
