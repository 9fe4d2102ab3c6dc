"""One record of a crawl, as the warehouse keeps it."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.records.table_names import RECORDS


class CrawlRecord(BaseModel):
    """A row of the table ``records``; the record itself stays JSON, untouched."""

    model_config = ConfigDict(frozen=True)

    table: ClassVar[str] = RECORDS
    partition: ClassVar[str] = "stored_at"
    clustering: ClassVar[tuple[str, ...]] = ("crawl_id", "tenant", "platform")

    crawl_id: str
    attempt: int
    row_no: int = Field(description="Line in the stored object, from 1.")
    tenant: str
    provider: str
    platform: str
    competitor: str
    dataset_id: str
    is_error: bool = Field(description="The provider reports a failed input here instead of a result.")
    stored_at: datetime
    record: str = Field(description="The provider's JSON, byte for byte.")
