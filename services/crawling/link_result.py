"""Say where the stored result of a crawl can be fetched without us, for a while."""

from uuid import UUID

import structlog

from infra.postgres.database import Database
from schemas.stored_object import ObjectMissing, SigningFailed
from services.crawling.ports import Lake
from services.crawling.proven_object import proven_object
from services.jobs.history.archive import Warehouse

LINK_SECONDS = 900.0
log = structlog.get_logger()


async def link_result(crawl_id: UUID, *, tenant: str, database: Database, lake: Lake, history: Warehouse) -> str | None:
    """The address of the last proven attempt's object, a gzip file; None where the lake has none, or none now.

    Raises ``CrawlNotFound``, ``NoResult``, ``ObjectMissing``, and what the warehouse raises.
    """
    name = await proven_object(crawl_id, tenant=tenant, database=database, history=history)
    try:
        link = await lake.signed_url(name, seconds=LINK_SECONDS)
    except SigningFailed as error:
        # lines are answered instead; whoever runs this can mend it
        log.warning("an address was not signed", code=error.code, reason=error.detail, recovery=error.recovery)
        return None
    if link is not None and await lake.stat(name) is None:
        raise ObjectMissing(f"There is no object {name}.")
    return link
