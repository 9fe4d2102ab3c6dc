"""Remove a crawl's objects and rows, of all attempts. Doing it again finds nothing."""

from uuid import UUID

from schemas.records.table_names import CRAWLS, JOB_HISTORY, RECORDS
from services.crawling.ports import Lake, Warehouse


async def remove_objects(prefix: str, *, lake: Lake) -> int:
    """Everything in the lake below a prefix; returns how many objects."""
    names = [name async for name in lake.list(prefix)]
    for name in names:
        await lake.delete(name)
    return len(names)


async def remove_rows(crawl_id: UUID, *, warehouse: Warehouse) -> int:
    """The records, and the rows of the archive about the crawl; returns how many. Late ones are never seen."""
    one = [str(crawl_id)]
    await warehouse.withdraw(RECORDS, one)
    found = [
        await warehouse.erase(RECORDS, "crawl_id", one),
        await warehouse.erase(CRAWLS, "crawl_id", one),
        await warehouse.erase(JOB_HISTORY, "job_id", one),
    ]
    return sum(found)


def place(tenant: str, crawl_id: UUID) -> str:
    """What the names of all objects of a crawl begin with."""
    return f"crawls/{tenant}/{crawl_id}/"
