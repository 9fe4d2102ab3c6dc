"""The id in a crawl's path."""

from uuid import UUID

from services.crawling.phase import CrawlNotFound


def crawl_id_of(text: str) -> UUID:
    """The id. Raises ``CrawlNotFound``."""
    try:
        return UUID(text)
    except ValueError as error:
        raise CrawlNotFound from error
