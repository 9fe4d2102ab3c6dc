"""Remove what ended crawls left half-done in the lake, and keys whose time is over."""

from uuid import UUID

import structlog

from infra.postgres.database import Database
from services.crawling.ports import Lake
from services.crawling.result.part import Place
from services.crawling.store import keys, leftovers

log = structlog.get_logger()

BATCH = 200


async def clean_up(*, database: Database, lake: Lake) -> int:
    """Once through; returns how many attempts were cleared. A failed attempt keeps its rejects: they explain it."""
    async with database.transaction() as tx:
        await keys.prune(tx)
        ended = await leftovers.ended_with_parts(tx, limit=BATCH)
    for one in ended:
        prefix = Place(prefix=f"crawls/{one.tenant}/{one.crawl_id}/{one.attempt}").prefix
        for name in [name async for name in lake.list(f"{prefix}/parts/")]:
            await lake.delete(name)
        await _cleared(database, one.crawl_id)
    await lake.sweep(older_than_seconds=86_400.0)
    return len(ended)


async def _cleared(database: Database, crawl_id: UUID) -> None:
    async with database.transaction() as tx:
        await leftovers.cleared(tx, crawl_id)
    log.info("leftover parts removed", crawl_id=str(crawl_id))
