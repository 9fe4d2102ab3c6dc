"""A crawl's data was erased on somebody's wish."""

from typing import ClassVar

from pydantic import Field

from schemas.event import CrawlEvent


class CrawlDataErased(CrawlEvent):
    """All that was stored of the crawl is gone: whoever derived something from it erases that too.

    ``attempt`` is the last one there was; the data of all attempts is gone.
    """

    topic: ClassVar[str] = "crawl.data_erased"

    objects: int = Field(ge=0, description="Objects that were removed from the lake.")
    rows: int = Field(ge=0, description="Rows that were removed from the warehouse.")
