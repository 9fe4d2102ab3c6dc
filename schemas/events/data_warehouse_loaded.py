"""A crawl's rows can be queried."""

from typing import ClassVar

from pydantic import Field

from schemas.event import CrawlEvent


class DataWarehouseLoaded(CrawlEvent):
    """The rows of this attempt are visible in the warehouse."""

    topic: ClassVar[str] = "data.warehouse.loaded"

    table: str
    row_count: int = Field(ge=0)
    load_id: str
