"""What a run of a data source must say."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict


class SourceRun(BaseModel):
    """Which source is run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_id: UUID
