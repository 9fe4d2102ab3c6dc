"""One attempt of a crawl that ended, as the warehouse keeps it."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.records.table_names import CRAWLS


class ArchivedCrawl(BaseModel):
    """A row of the table ``crawls``: an attempt of a crawl that ended so long ago that PostgreSQL has left it."""

    model_config = ConfigDict(frozen=True)

    table: ClassVar[str] = CRAWLS
    partition: ClassVar[str] = "finished_at"
    clustering: ClassVar[tuple[str, ...]] = ("crawl_id", "tenant", "platform")

    load_id: str = Field(description="The batch it was archived with.")
    crawl_id: str
    attempt: int = Field(description="The user-visible run this row is about, from 1; the highest one ended last.")
    tenant: str
    provider: str
    dataset_id: str
    platform: str
    competitor: str
    state: str = Field(description="How the attempt ended: completed, failed or cancelled.")
    queue: str = Field(description="Where it was when it ended: submit, poll, store or load.")
    step: str | None
    priority: int = Field(description="0 (critical) to 4 (background).")
    created_at: datetime
    submitted_at: datetime | None = Field(description="When the order was first sent.")
    triggered_at: datetime | None = Field(description="When the provider had taken the order.")
    deadline: datetime
    started_at: datetime | None
    finished_at: datetime
    tries: int = Field(description="Failures within the attempt.")
    progress: float = Field(description="0 to 100.")
    snapshot_id: str | None = Field(description="The provider's name of the result.")
    snapshot_dead: bool = Field(description="The provider has no result under this name any more.")
    provider_status: str | None = Field(description="The provider's own last word.")
    expected_records: int | None = Field(description="What the provider promised.")
    poll_count: int
    last_poll_time: datetime | None
    warehouse: str = Field(description="Whether completion waited for the rows: async or required.")
    warehouse_state: str = Field(description="Where the rows are: none, pending, loaded or failed.")
    gcs_path: str | None = Field(description="The last proven result by then: where it lies.")
    row_count: int | None = Field(description="Of the last proven result by then.")
    size_bytes: int | None = Field(description="Of the last proven result by then, uncompressed.")
    sha256: str | None = Field(description="Of the last proven result by then, uncompressed.")
    proven: str | None = Field(
        description="JSON: all that is known of the last proven result by then, and its attempt."
    )
    result: str | None = Field(description="JSON: what the attempt itself had for a result.")
    inputs: str | None = Field(description="JSON: what was ordered; stands with the last attempt.")
    options: str | None = Field(description="JSON: the order's wishes; stand with the last attempt.")
    metadata: str = Field(description="JSON.")
    source_id: str | None
    created_by: str | None
    error_class: str | None
    error_code: str | None
    error_stage: str | None
    error_message: str | None
    error_recovery: str | None
    traceparent: str | None = Field(description="The trace it belongs to.")
