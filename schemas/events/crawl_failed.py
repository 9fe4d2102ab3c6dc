"""A crawl ended without a result."""

from typing import ClassVar

from pydantic import Field

from schemas.event import CrawlEvent


class CrawlFailed(CrawlEvent):
    """The attempt is over and there is no result; ``recovery`` says what helps."""

    topic: ClassVar[str] = "crawl.failed"

    error: str = Field(description="One sentence for a person.")
    code: str = Field(description="One of the closed list of error codes.")
    stage: str = Field(description="Where it failed: trigger, polling_timeout, download, storage, ...")
    recovery: str = Field(description="What a person can do now.")
