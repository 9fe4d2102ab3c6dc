"""Tell a provider to stop a snapshot nobody wants any more: best effort, in a job of its own."""

from collections.abc import Mapping
from uuid import UUID, uuid5

from infra.postgres.database import Transaction
from services.crawling.crawl import Crawl
from services.crawling.crawl_log import name_crawl
from services.crawling.ports import Provider
from services.crawling.store import crawls
from services.jobs.job import Done, Job, NewJob, Outcome
from services.jobs.store import queue

_IDS = UUID("b3a0b3ce-54c7-5a0b-8a35-0d1a5f6f3c11")


async def cancel_later(tx: Transaction, provider: str, snapshot_id: str, *, crawl: Crawl, attempt: int) -> None:
    """Queue the cancellation in the transaction that cancels the crawl."""
    await queue.enqueue(
        tx,
        NewJob(
            id=uuid5(_IDS, f"{crawl.id}/{attempt}/{snapshot_id}"),
            kind="cancel_snapshot",
            queue="cancel",
            tenant=crawl.tenant,
            payload={"provider": provider, "snapshot_id": snapshot_id, "crawl_id": str(crawl.id)},
        ),
    )


async def cancel_snapshot(job: Job, *, providers: Mapping[str, Provider]) -> Outcome:
    """Ask the provider to stop; what it had collected so far is not a result."""
    name_crawl(job)
    await providers[job.payload["provider"]].cancel(job.payload["snapshot_id"])

    async def also(tx: Transaction) -> None:
        await crawls.snapshot_gone(tx, UUID(job.payload["crawl_id"]), job.payload["snapshot_id"])

    return Done(also=also)
