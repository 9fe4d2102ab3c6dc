"""Find the object in which a crawl's result is stored."""

from typing import ClassVar
from uuid import UUID

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.phase import CrawlNotFound, phase
from services.crawling.store import views


class NoResult(Problem):
    """The crawl has no result yet, or ended without one."""

    code: ClassVar[str] = "NO_RESULT"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The crawl has no result"
    recovery: ClassVar[str] = "Ask for the status: it says what the crawl waits for, or why it failed."


async def proven_object(crawl_id: UUID, *, tenant: str, database: Database) -> str:
    """The name of the last proven attempt's object. Raises ``CrawlNotFound``, ``NoResult``."""
    async with database.reading() as tx:
        row = await views.one(tx, crawl_id, tenant=tenant)
    if row is None:
        raise CrawlNotFound
    if row["proven"] is None:
        raise NoResult(f"The crawl is {phase(row)}")
    return str(row["proven"]["object_name"])
