"""Commands to crawls that are archived."""

from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.erasing.erased import CrawlErased
from services.crawling.history.find_crawl import find_crawl
from services.crawling.phase import CrawlNotFound
from services.jobs.history.archive import Warehouse


class CrawlArchived(Problem):
    """The crawl is over for so long that it is only shown."""

    code: ClassVar[str] = "CRAWL_ARCHIVED"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The crawl is archived and takes no commands any more"
    recovery: ClassVar[str] = "Trigger it again as a new crawl; its status and its stored result are still answered."


async def not_at_hand(crawl_id: UUID, *, tenant: str, database: Database, warehouse: Warehouse) -> Problem:
    """Why a crawl takes no command that is not here: ``CrawlArchived``, ``CrawlErased`` or ``CrawlNotFound``.

    Raises what the warehouse raises.
    """
    try:
        await find_crawl(crawl_id, tenant=tenant, database=database, warehouse=warehouse)
    except (CrawlNotFound, CrawlErased) as unknown:
        return unknown
    return CrawlArchived()
