"""One row of a dataset, as the warehouse keeps it."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.records.table_names import DATASET_ROWS


class DatasetRow(BaseModel):
    """A row of the table ``dataset_rows``: what a file brought, whatever its columns are."""

    model_config = ConfigDict(frozen=True)

    table: ClassVar[str] = DATASET_ROWS
    partition: ClassVar[str] = "imported_at"
    clustering: ClassVar[tuple[str, ...]] = ("dataset_id", "tenant", "source_id")

    dataset_id: str
    attempt: int = Field(description="Always 1: another file is another dataset.")
    row_no: int = Field(description="Its place in the file, from 1; lines that were rejected do not count.")
    tenant: str
    source_id: str = Field(description="The data source that the file came into.")
    filename: str
    imported_at: datetime
    record: str = Field(description="The row as JSON: its values by their columns' names.")
