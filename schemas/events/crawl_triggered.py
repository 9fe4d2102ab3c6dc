"""A provider accepted a crawl and named its snapshot."""

from typing import ClassVar

from pydantic import Field

from schemas.event import CrawlEvent


class CrawlTriggered(CrawlEvent):
    """A provider accepted the crawl; results will follow."""

    topic: ClassVar[str] = "crawl.triggered"

    snapshot_id: str = Field(description="The provider's name for the result set.")
    platform: str
    competitor: str
    provider: str
