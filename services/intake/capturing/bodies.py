"""What the routes of captures answer, for the OpenAPI document."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.jobs.bodies.jobs import JobError, Status


class CaptureResult(BaseModel):
    """What a capture brought."""

    result_file_id: UUID = Field(description="Of the screenshot.")
    url: str
    final_url: str = Field(description="Where redirects and scripts led.")
    status_code: int
    title: str
    screenshot_url: str = Field(description="Where the PNG lies in the lake; GET …/screenshot answers it.")
    html_url: str
    text_url: str
    objects: dict[str, str] = Field(description="Names in the lake, by screenshot, html and text.")
    sha256: dict[str, str]
    width: int = Field(description="Of the screenshot, in pixels.")
    height: int
    truncated: bool = Field(description="The page is larger than its screenshot.")
    complete: bool = Field(description="False: it was still loading after ten seconds, and was taken as it was.")
    captured_at: datetime
    resources: list[dict[str, Any]] = Field(description="What was found on it, as GET /api/v1/resources has it.")
    warnings: list[dict[str, Any]] = Field(description="Why it was not classified, where it was not.")


class CaptureShown(BaseModel):
    """A capture: the job, and once it is completed what it brought."""

    job_id: UUID
    status: Status
    progress: float = Field(ge=0, le=100)
    current_step: str | None
    steps_completed: list[str]
    message: str | None
    url: str
    source_id: str | None
    attempt: int
    created_at: datetime
    completed_at: datetime | None
    error: JobError | None
    result: CaptureResult | None
