"""Remove what ended crawls and dead processes left half-done, and keys whose time is over."""

from datetime import timedelta

import structlog

from infra.postgres.database import Database
from services.crawling.erasing.sweep_erased import sweep_erased
from services.crawling.ports import Lake, Warehouse
from services.crawling.result.part import Place
from services.crawling.spending.settle import settle_left_open
from services.crawling.store import deliveries, keys, leftovers, purchases
from services.crawling.store.leftovers import Leftover

log = structlog.get_logger()

BATCH = 200
SETTLED = timedelta(hours=1)
SPEND_DAYS = 400  # a year and a month
ABANDONED_SECONDS = 86_400.0  # no writer works on one file or upload for longer


async def clean_up(*, database: Database, lake: Lake, warehouse: Warehouse, settled: timedelta = SETTLED) -> int:
    """Once through; returns how many attempts were cleared. A failed attempt keeps its rejects: they explain it."""
    async with database.transaction() as tx:
        await keys.prune(tx)
        await deliveries.prune(tx)
        await purchases.prune(tx, days=SPEND_DAYS)
        ended = await leftovers.over(tx, older_than=settled, limit=BATCH)
    await settle_left_open(database=database, settled_seconds=settled.total_seconds())
    for one in ended:
        await _clear(one, database=database, lake=lake)
    await sweep_erased(database=database, lake=lake, warehouse=warehouse, settled_seconds=ABANDONED_SECONDS)
    await lake.sweep(older_than_seconds=ABANDONED_SECONDS)
    await warehouse.sweep(older_than_seconds=ABANDONED_SECONDS)
    return len(ended)


async def _clear(one: Leftover, *, database: Database, lake: Lake) -> None:
    parts = Place(prefix=f"crawls/{one.tenant}/{one.crawl_id}/{one.attempt}").parts
    names = [name async for name in lake.list(parts)]
    for name in names:
        await lake.delete(name)
    async with database.transaction() as tx:
        await leftovers.cleared(tx, one)
    if names:
        log.info("leftover parts removed", crawl_id=str(one.crawl_id), attempt=one.attempt, parts=len(names))
