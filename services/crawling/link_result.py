"""Say where the stored result of a crawl can be fetched without us, for a while."""

from uuid import UUID

from infra.postgres.database import Database
from schemas.stored_object import ObjectMissing
from services.crawling.ports import Lake
from services.crawling.proven_object import proven_object
from services.jobs.history.archive import Warehouse

LINK_SECONDS = 900.0


async def link_result(crawl_id: UUID, *, tenant: str, database: Database, lake: Lake, history: Warehouse) -> str | None:
    """The address of the last proven attempt's object, a gzip file; None where the lake has no such addresses.

    Raises ``CrawlNotFound``, ``NoResult``, ``ObjectMissing``, and what the warehouse raises.
    """
    name = await proven_object(crawl_id, tenant=tenant, database=database, history=history)
    link = await lake.signed_url(name, seconds=LINK_SECONDS)
    if link is not None and await lake.stat(name) is None:
        raise ObjectMissing(f"There is no object {name}.")
    return link
