"""Let a paused crawl go on where it was."""

from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.crawling.phase import require
from services.crawling.store import crawls, polls, views
from services.jobs.job import Job
from services.jobs.store import commands, control


async def resume_crawl(crawl_id: UUID, *, tenant: str, database: Database) -> None:
    """Nothing is bought again. A pause that was only wished for is taken back.

    Raises ``CrawlNotFound``, ``IllegalCommand``.
    """
    async with database.transaction() as tx:
        locked = await control.lock(tx, crawl_id)
        require("resume", await views.one(tx, crawl_id, tenant=tenant))
        assert locked is not None  # noqa: S101  # a crawl has its job
        if locked.state != "paused":
            await commands.wish_no_more(tx, [locked])
            return
        await commands.resume(tx, [locked])
        await resumed(tx, locked)


async def resumed(tx: Transaction, job: Job) -> None:
    """What it waits for is asked at once, and the time it was paused counts for nothing."""
    await crawls.leave_pause_out(tx, job.id)
    if await polls.resume(tx, job.id):
        tx.ring("poll")
