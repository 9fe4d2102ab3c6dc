"""What the routes of data sources answer, for the OpenAPI document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.data_sources.source import SourceType
from services.jobs.bodies.jobs import JobError, Rank, Status
from services.jobs.store.sources import SourceStatus


class TimetableShown(BaseModel):
    """When a source runs by itself, and what came of the last time."""

    cron: str
    timezone: str
    paused: bool
    next_at: datetime | None = Field(description="Null while it is paused.")
    last_at: datetime | None
    last_job_id: UUID | None
    last_error: str | None = Field(description="Why the last time made no job.")


class DataSource(BaseModel):
    """Where from something comes."""

    id: UUID
    name: str
    source_type: SourceType
    config: dict[str, Any]
    description: str
    builtin: bool
    created_by: str | None
    status: SourceStatus = Field(
        description="PROCESSING: a job of it waits or is worked; PAUSED: what is not over is paused; FAILED: the job"
        " that ended last failed; else IDLE."
    )
    schedule: TimetableShown | None = Field(description="Null: it runs by hand only.")
    created_at: datetime
    updated_at: datetime


class SourceJob(BaseModel):
    """A job of a data source."""

    id: UUID
    job_id: UUID
    source_id: str | None
    kind: str
    resource_type: str = Field(description="file, url, crawl or source; else the job's kind.")
    resource: str | None = Field(description="The file's name, or the page's URL.")
    status: Status
    progress: float = Field(ge=0, le=100)
    progress_message: str | None
    current_step: str | None
    result_file_id: str | None
    related_dataset_id: str | None
    result: dict[str, Any] | None
    error: JobError | None = Field(description="Why it failed, or why its last try did.")
    attempt: int
    retry_count: int
    priority: Rank
    job_metadata: dict[str, Any]
    created_by: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None


class SubmittedPages(SourceJob):
    """The job of the first page, and of every page in the order given."""

    jobs: list[SourceJob]
