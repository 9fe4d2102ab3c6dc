"""Move jobs that ended long ago into the warehouse, where look-ups and queries still find them."""

import gzip
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid4

import structlog

from infra.postgres.database import Database
from schemas.load_source import LoadSource
from schemas.records.archived_job import ArchivedJob
from schemas.stored_object import ObjectExists, ObjectMissing, StoredObject
from services.jobs.history.archived import archived
from services.jobs.store import history

log = structlog.get_logger()

BATCH = 500  # jobs a load
MOST_BATCHES = 20  # a sweep: what is left is the next one's
DEAD_LETTER_FACTOR = 4  # dead letters stay so many times as long: somebody may still retry them


class Lake(Protocol):
    """Objects that are written once."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object. Raises ``ObjectExists``."""

    async def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone."""


class Warehouse(Protocol):
    """Tables to query."""

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """Load objects; the same ``load_id`` twice loads once. Raises ``ObjectMissing``."""

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """Make loaded rows visible. Doing it again changes nothing."""

    async def query(self, sql: str) -> list[dict[str, Any]]:
        """Run read-only SQL over the visible rows."""


async def archive_jobs(
    *,
    database: Database,
    lake: Lake,
    warehouse: Warehouse,
    kinds: Sequence[str],
    days: float,
    new_id: Callable[[], UUID] = uuid4,
) -> int:
    """Archive jobs of these kinds that ended more than ``days`` ago; returns how many.

    A batch leaves the engine in one transaction and is kept until its rows are visible, so that it is always found in
    one place and loaded once, however often this is interrupted or run at once. Raises what lake and warehouse raise.
    """
    moved = 0
    for _ in range(MOST_BATCHES):
        async with database.transaction() as tx:
            moved += (left := await _leave(tx, new_id(), kinds=kinds, days=days))
            waiting = await history.batches(tx)
        for load_id in waiting:
            await _load(load_id, database=database, lake=lake, warehouse=warehouse)
        if left < BATCH:
            break
    if moved:
        log.info("jobs archived", jobs=moved)
    return moved


async def _leave(tx: Any, load_id: UUID, *, kinds: Sequence[str], days: float) -> int:
    return await history.leave(
        tx, load_id, kinds=kinds, days=days, dead_letter_days=days * DEAD_LETTER_FACTOR, limit=BATCH
    )


async def _load(load_id: UUID, *, database: Database, lake: Lake, warehouse: Warehouse) -> None:
    async with database.reading() as tx:
        jobs = await history.batch(tx, load_id)
    if not jobs:
        return  # another sweep was faster
    name = f"jobs/history/{load_id}.ndjson.gz"
    try:
        await lake.create(name, _lines([archived(job, load_id=load_id) for job in jobs]))
    except ObjectExists:
        log.info("a batch of jobs is archived again", load_id=str(load_id))
    try:
        source = LoadSource(key=str(load_id), attempt=1, object_name=name)
        await warehouse.load(str(load_id), ArchivedJob.table, [source])
    except ObjectMissing:
        return  # see above
    await warehouse.publish(ArchivedJob.table, {str(load_id): 1})
    await lake.delete(name)
    async with database.transaction() as tx:
        await history.arrived(tx, load_id)


async def _lines(jobs: Sequence[ArchivedJob]) -> AsyncIterator[bytes]:
    yield gzip.compress("".join(f"{job.model_dump_json()}\n" for job in jobs).encode(), mtime=0)
