"""Put a crawl aside: nothing is ordered, asked or fetched for it until it is resumed."""

from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.crawling.phase import order_may_be_out, require
from services.crawling.store import polls, views
from services.jobs.job import Job
from services.jobs.store import commands, control


async def pause_crawl(crawl_id: UUID, *, tenant: str, database: Database) -> None:
    """Paused at once where nobody works it, within 5 s while its result is being stored.

    An order that may be on its way goes on until its fate is known: what is bought is kept, and waits paused. Raises
    ``CrawlNotFound``, ``IllegalCommand``.
    """
    async with database.transaction() as tx:
        locked = await control.lock(tx, crawl_id)
        row = require("pause", await views.one(tx, crawl_id, tenant=tenant))
        if locked is None:
            return
        if order_may_be_out(row):
            await control.want(tx, crawl_id, "pause")
        elif locked.state == "running":
            await commands.wish(tx, [locked], "pause")
        else:
            await put_aside(tx, locked)


async def put_aside(tx: Transaction, locked: Job) -> None:
    """A crawl that this transaction holds locked is paused now, and nobody asks about it."""
    await commands.pause(tx, [locked])
    await polls.pause(tx, locked.id)
