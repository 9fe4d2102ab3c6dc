"""A crawl's stored result was removed because its time was over."""

from typing import ClassVar

from schemas.event import CrawlEvent


class CrawlResultExpired(CrawlEvent):
    """What this attempt stored lies in the lake no more: whoever derived something from it removes that too.

    Rows of the warehouse stay, and a later attempt may have a result of its own.
    """

    topic: ClassVar[str] = "crawl.result_expired"
