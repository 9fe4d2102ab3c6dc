"""Move crawls that ended long ago into the warehouse, in the batches of their jobs."""

import asyncio
from collections.abc import Callable
from uuid import UUID, uuid4

import structlog

from infra.postgres.database import Database, Transaction
from schemas.records.table_names import CRAWLS
from services.crawling.history.archived import archived
from services.crawling.polling.verdict import WATCH_FOR
from services.crawling.store import history
from services.jobs.history.archive import Lake, Leaving, Warehouse, archive
from services.jobs.history.archive_jobs import jobs_leave

log = structlog.get_logger()

_LEAVING = Leaving(
    table=CRAWLS,
    folder="jobs/crawls",
    found_by="crawl_id",
    batches=history.batches,
    batch=history.batch,
    arrived=history.arrived,
    row=lambda crawl, load_id: archived(crawl, load_id=load_id),
)


async def archive_crawls(
    stop: asyncio.Event,
    *,
    database: Database,
    lake: Lake,
    warehouse: Warehouse,
    days: float,
    new_id: Callable[[], UUID] = uuid4,
) -> int:
    """Archive crawls that ended more than ``days`` ago, until ``stop`` is set; returns how many left.

    None before the time in which its provider may still have the result: until then it can be fetched again, and no
    other crawl may adopt it. A crawl and its job leave in one transaction and arrive each by itself: the job when
    ``archive_jobs`` runs next. See ``archive``.
    """
    oldest = max(days, WATCH_FOR.days)

    async def leave(tx: Transaction) -> tuple[UUID, int] | None:
        left = await jobs_leave(tx, load_id := new_id(), kinds=["crawl"], days=oldest, beside=history.BESIDE)
        await history.leave(tx, load_id)
        return (load_id, left) if left else None

    moved = await archive(stop, leaving=_LEAVING, leave=leave, database=database, lake=lake, warehouse=warehouse)
    if moved:
        log.info("crawls archived", crawls=moved)
    return moved
