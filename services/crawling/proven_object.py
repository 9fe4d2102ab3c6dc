"""Find the object in which a crawl's result is stored."""

from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.history.find_crawl import find_crawl
from services.crawling.phase import phase
from services.jobs.history.archive import Warehouse


class NoResult(Problem):
    """The crawl has no result yet, or ended without one."""

    code: ClassVar[str] = "NO_RESULT"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The crawl has no result"
    recovery: ClassVar[str] = "Ask for the status: it says what the crawl waits for, or why it failed."


async def proven_object(crawl_id: UUID, *, tenant: str, database: Database, history: Warehouse) -> str:
    """The name of the last proven attempt's object; ``history`` is asked for archived crawls.

    Raises ``CrawlNotFound``, ``NoResult``, and what the warehouse raises.
    """
    row = await find_crawl(crawl_id, tenant=tenant, database=database, warehouse=history)
    if row["proven"] is None:
        raise NoResult(f"The crawl is {phase(row)}")
    return str(row["proven"]["object_name"])
