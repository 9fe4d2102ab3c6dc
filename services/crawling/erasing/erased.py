"""What is told of a crawl whose data was erased."""

from typing import Any, ClassVar

from schemas.problem import Problem
from services.crawling.store.erasures import Erasure


class CrawlErased(Problem):
    """The crawl's data is gone, or about to be."""

    code: ClassVar[str] = "CRAWL_ERASED"
    status: ClassVar[int] = 410
    title: ClassVar[str] = "The data of this crawl was erased"
    recovery: ClassVar[str] = "Trigger it again as a new crawl; nothing brings erased data back."


def erased(erasure: Erasure) -> CrawlErased:
    """The tombstone as an answer."""
    return CrawlErased(**tombstone(erasure))


def tombstone(erasure: Erasure) -> dict[str, Any]:
    """When and by whom it was erased, and how much that was; ``erased_at`` is null while it is under way."""
    return {
        "crawl_id": str(erasure.crawl_id),
        "erased_at": erasure.erased_at and erasure.erased_at.isoformat().replace("+00:00", "Z"),
        "erased_by": erasure.asked_by,
        "counts": erasure.counts,
    }
