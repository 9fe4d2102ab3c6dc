"""Cancel a crawl wherever it is; what was bought is stopped at the provider."""

from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.crawling.cancel_snapshot import cancel_later
from services.crawling.failure import CrawlCancelled, crawl_failed
from services.crawling.phase import order_may_be_out, require
from services.crawling.store import crawls, views
from services.jobs.job import Job
from services.jobs.store import commands, control


async def cancel_crawl(crawl_id: UUID, *, tenant: str, database: Database) -> None:
    """Cancelled at once, except while an order may be on its way: then as soon as its fate is known.

    Raises ``CrawlNotFound``, ``IllegalCommand``.
    """
    async with database.transaction() as tx:
        locked = await control.lock(tx, crawl_id)
        row = require("cancel", await views.one(tx, crawl_id, tenant=tenant))
        if locked is None:
            return
        if order_may_be_out(row):
            await control.want(tx, crawl_id, "cancel")
            return
        await _cancel(tx, locked)


async def _cancel(tx: Transaction, locked: Job) -> None:
    crawl = await crawls.get(tx, locked.id)
    await commands.cancel(tx, [locked])
    await crawl_failed(tx, locked, CrawlCancelled())
    collecting = locked.state in {"waiting", "paused"} and locked.queue == "poll"
    if crawl is not None and crawl.snapshot_id is not None and collecting:
        await cancel_later(tx, crawl.provider, crawl.snapshot_id, crawl=crawl, attempt=locked.attempt)
