"""Move jobs that ended long ago into the warehouse, where look-ups and queries still find them."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import structlog

from infra.postgres.database import Database, Transaction
from schemas.records.table_names import JOB_HISTORY
from services.jobs.history.archive import Lake, Leaving, Warehouse, archive
from services.jobs.history.archived import archived
from services.jobs.store import history
from services.jobs.store.history import ALONE, Beside
from services.jobs.submitting.idempotency import KEY_DAYS

log = structlog.get_logger()

BATCH = 500  # jobs a load, at most
MOST_BYTES = 8 << 20  # of what they weigh; the job that passes it is the last of its batch
DEAD_LETTER_FACTOR = 4  # dead letters stay so many times as long: somebody may still retry them

_LEAVING = Leaving(
    table=JOB_HISTORY,
    folder="jobs/history",
    found_by="job_id",
    batches=history.batches,
    batch=history.batch,
    arrived=history.arrived,
    row=lambda job, load_id: archived(job, load_id=load_id),
)


async def archive_jobs(
    stop: asyncio.Event,
    *,
    database: Database,
    lake: Lake,
    warehouse: Warehouse,
    kinds: Sequence[str],
    days: float,
    new_id: Callable[[], UUID] = uuid4,
) -> int:
    """Archive all jobs of these kinds that ended more than ``days`` ago, until ``stop`` is set; returns how many left.

    Also those that another use case let leave. See ``archive``.
    """

    async def leave(tx: Transaction) -> tuple[UUID, int] | None:
        left = await jobs_leave(tx, load_id := new_id(), kinds=kinds, days=days)
        return (load_id, left) if left else None

    moved = await archive(stop, leaving=_LEAVING, leave=leave, database=database, lake=lake, warehouse=warehouse)
    if moved:
        log.info("jobs archived", jobs=moved)
    return moved


async def jobs_leave(
    tx: Transaction, load_id: UUID, *, kinds: Sequence[str], days: float, beside: Beside = ALONE
) -> int:
    """Put the oldest jobs of these kinds into one batch; ``archive_jobs`` brings it to the warehouse. How many left."""
    return await history.leave(
        tx,
        load_id,
        kinds=kinds,
        days=days,
        dead_letter_days=days * DEAD_LETTER_FACTOR,
        key_days=KEY_DAYS,
        limit=BATCH,
        most_bytes=MOST_BYTES,
        beside=beside,
    )
