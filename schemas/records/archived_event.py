"""One published event, as the warehouse keeps it."""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.records.table_names import EVENTS


class ArchivedEvent(BaseModel):
    """A row of the table ``events``: a fact told so long ago that PostgreSQL does not hold it any more."""

    model_config = ConfigDict(frozen=True)

    table: ClassVar[str] = EVENTS
    partition: ClassVar[str] = "time"
    clustering: ClassVar[tuple[str, ...]] = ("subject", "tenant", "type")

    load_id: str = Field(description="The batch it was archived with.")
    event_id: str = Field(description="The CloudEvent's id: the same fact, the same id.")
    type: str = Field(description="The topic it was published on.")
    source: str = Field(description="The CloudEvent's source.")
    tenant: str
    subject: str = Field(description="What it is about: the id of a crawl or a job.")
    time: datetime = Field(description="When the fact became true.")
    data: str = Field(description="JSON: the event's own fields.")
    traceparent: str | None = Field(description="The trace it belongs to.")
