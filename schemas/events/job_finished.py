"""A job ended: it completed, failed for good, or was cancelled."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from schemas.event import Event


class JobFinished(Event):
    """The attempt is over; crawls tell their ends by events of their own."""

    topic: ClassVar[str] = "job.finished"

    job_id: str = Field(description="The job this fact is about; also the CloudEvents subject.")
    kind: str = Field(description="What the job did.")
    status: Literal["completed", "failed", "cancelled"] = Field(description="How it ended.")
    batch_id: str | None = Field(description="The batch it was submitted with.")
    code: str | None = Field(description="Why it failed, as a code.")
    error: str | None = Field(description="Why it failed, in one sentence.")
    result: dict[str, Any] | None = Field(description="What it brought; null if it did not complete.")

    @property
    def subject(self) -> str:
        """CloudEvents ``subject``."""
        return self.job_id
