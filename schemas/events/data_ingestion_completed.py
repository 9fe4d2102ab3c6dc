"""A crawl's result is stored and proven."""

from typing import ClassVar, Literal

from pydantic import Field

from schemas.event import CrawlEvent


class DataIngestionCompleted(CrawlEvent):
    """The data is there: object, size, hash and row count were verified."""

    topic: ClassVar[str] = "data.ingestion.completed"

    gcs_path: str = Field(description="URL of the stored NDJSON object (gzip): gs:// or file://.")
    manifest: str = Field(description="URL of the manifest that proves the object.")
    post_count: int = Field(ge=0, description="Records that are results, not the provider's error records.")
    media_count: int = Field(ge=0, description="Media URLs found in the records.")
    row_count: int = Field(ge=0, description="Lines in the object.")
    rejected_count: int = Field(ge=0, description="Lines that were not JSON objects; they stand in the rejects object.")
    size_bytes: int = Field(ge=0, description="Size of the uncompressed NDJSON in bytes.")
    sha256: str = Field(description="Hex sha256 of the uncompressed NDJSON.")
    completeness: Literal["complete", "partial", "unknown"]
    warehouse: Literal["pending", "loaded"]
    warnings: list[str] = Field(default_factory=list)
    documents: bool = Field(default=False, description="Whether its order asks for documents made of its records.")
