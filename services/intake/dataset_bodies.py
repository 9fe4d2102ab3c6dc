"""What the routes of datasets answer, for the OpenAPI document."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, RootModel

from services.intake.store.loads import WarehouseState

ColumnType = Literal["integer", "number", "boolean", "date", "timestamp", "string", "json"]


class Column(BaseModel):
    """A column of a dataset."""

    name: str
    type: ColumnType


class Dataset(BaseModel):
    """Rows that came of a file."""

    id: UUID
    source_id: UUID
    job_id: UUID
    filename: str
    file_type: Literal["csv", "xlsx", "json", "ndjson", "parquet"]
    encoding: str | None = Field(description="Of the text that the file is; null where it is none.")
    sha256: str
    size_bytes: int
    row_count: int
    reject_count: int = Field(description="Lines that are no rows; kept with their reasons beside the rows.")
    columns: list[Column]
    notes: list[str]
    warehouse: WarehouseState | None = Field(
        description="Its rows in the warehouse's table dataset_rows: on their way, to be seen, or refused. Null: it was"
        " imported before datasets were loaded."
    )
    created_by: str | None
    created_at: datetime


class ColumnProfile(Column):
    """What a column's values are like."""

    nulls: int
    distinct: int
    distinct_is_estimate: bool
    min: str | float | int | None
    max: str | float | int | None


class Profile(BaseModel):
    """What a dataset's values are like."""

    dataset_id: UUID
    row_count: int
    columns: list[ColumnProfile]


class Row(RootModel[dict[str, Any]]):
    """A row: its values by their columns' names."""


class Reject(BaseModel):
    """What in a file was no row, and why."""

    line: int = Field(description="Of the file, from 1; of a JSON array, the place of its element.")
    reason: str
    message: str
    raw: str = Field(description="As it stands in the file, at most 2,000 characters.")
