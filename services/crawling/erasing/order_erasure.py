"""Have a crawl's data erased: from this moment on nothing revives the crawl."""

from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from services.crawling.erasing.erased import tombstone
from services.crawling.history.find_crawl import find_crawl
from services.crawling.phase import IllegalCommand, legal, phase
from services.crawling.store import erasures, polls, views
from services.jobs.history.archive import Warehouse
from services.jobs.job import NewJob
from services.jobs.store import control, queue
from services.jobs.submitting.room import require_room

QUEUE = "erase"
ENDED = frozenset({"completed", "failed", "cancelled"})
_IDS = UUID("7a2f0d56-8a51-5a5e-9d0e-5f9f7a1c40b2")


async def order_erasure(
    crawl_id: UUID, *, tenant: str, asked_by: str | None, room: int, database: Database, history: Warehouse
) -> dict[str, Any]:
    """The job that erases, and what is known of the erasure; ordered again it is the same one.

    Raises ``CrawlNotFound``, ``IllegalCommand`` while the crawl is under way, ``QueueFull``, and what the warehouse
    raises.
    """
    async with database.reading() as tx:
        known = await erasures.find(tx, crawl_id, tenant=tenant)
    if known is None:
        row = await find_crawl(crawl_id, tenant=tenant, database=database, warehouse=history)
        async with database.transaction() as tx:
            await _order(tx, crawl_id, tenant=tenant, attempt=row["attempt"], asked_by=asked_by, room=room)
    else:
        async with database.transaction() as tx:
            await _again(tx, known.job_id)
    async with database.reading() as tx:
        ordered = await erasures.find(tx, crawl_id, tenant=tenant)
    assert ordered is not None  # noqa: S101  # written a moment ago
    state = "erased" if ordered.erased_at is not None else "queued"
    return {"job_id": str(ordered.job_id), "status": state, **tombstone(ordered)}


async def _order(
    tx: Transaction, crawl_id: UUID, *, tenant: str, attempt: int, asked_by: str | None, room: int
) -> None:
    await control.lock(tx, crawl_id)
    row = await views.one(tx, crawl_id, tenant=tenant)
    if row is not None and phase(row) not in ENDED:
        raise IllegalCommand(f"data is not erased while {phase(row)}; cancel the crawl first", legal=list(legal(row)))
    job = NewJob(
        id=uuid5(_IDS, str(crawl_id)),
        kind="erase",
        queue=QUEUE,
        tenant=tenant,
        created_by=asked_by,
        max_tries=20,
        payload={"crawl_id": str(crawl_id)},
    )
    last = attempt if row is None else row["attempt"]
    if await erasures.order(tx, crawl_id, tenant=tenant, attempt=last, job_id=job.id, asked_by=asked_by):
        await polls.stop(tx, crawl_id)
        await require_room(tx, QUEUE, tenant=tenant, room=room)
        await queue.enqueue(tx, job)


async def _again(tx: Transaction, job_id: UUID) -> None:
    locked = await control.lock(tx, job_id)
    if locked is not None and locked.state in {"failed", "cancelled"}:
        await control.restart(tx, locked, state="ready", queue=QUEUE, step=None)
