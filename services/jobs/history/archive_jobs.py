"""Move jobs that ended long ago into the warehouse, where look-ups and queries still find them."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol
from uuid import UUID, uuid4

import msgspec
import structlog

from infra.postgres.database import Database, Transaction
from schemas.load_source import LoadSource
from schemas.records.archived_job import ArchivedJob
from schemas.stored_object import ObjectExists, ObjectMissing, StoredObject
from services.jobs.history.archived import archived
from services.jobs.store import history
from services.jobs.submitting.idempotency import KEY_DAYS

log = structlog.get_logger()

BATCH = 500  # jobs a load, at most
MOST_BYTES = 8 << 20  # of their payloads and results; the job that passes it is the last of its batch
MOST_FAILURES = 3  # so many batches in a row are not bad: the warehouse is
BREATH_SECONDS = 0.05  # between batches: others want the database too
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

    async def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The visible rows whose columns have these values."""


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

    A batch leaves the engine in one transaction and is kept until its rows are visible, so that it is always found in
    one place and loaded once, however often this is interrupted or run at once. One that cannot be loaded is logged,
    tried again the next time, and in nobody's way; after ``MOST_FAILURES`` in a row no more jobs leave.
    """
    bring = partial(_brought, database=database, lake=lake, warehouse=warehouse)
    async with database.reading() as tx:
        waiting = await history.batches(tx)
    for load_id in waiting:
        if not stop.is_set():
            await bring(load_id)
    moved = failures = 0
    while not stop.is_set() and failures < MOST_FAILURES:
        async with database.transaction() as tx:
            left = await _leave(tx, load_id := new_id(), kinds=kinds, days=days)
        if not left:
            break
        moved += left
        failures = 0 if await bring(load_id) else failures + 1
        await asyncio.sleep(BREATH_SECONDS)
    if moved:
        log.info("jobs archived", jobs=moved)
    return moved


async def _leave(tx: Transaction, load_id: UUID, *, kinds: Sequence[str], days: float) -> int:
    return await history.leave(
        tx,
        load_id,
        kinds=kinds,
        days=days,
        dead_letter_days=days * DEAD_LETTER_FACTOR,
        key_days=KEY_DAYS,
        limit=BATCH,
        most_bytes=MOST_BYTES,
    )


async def _brought(load_id: UUID, *, database: Database, lake: Lake, warehouse: Warehouse) -> bool:
    try:
        await _load(load_id, database=database, lake=lake, warehouse=warehouse)
    except Exception:
        log.exception("a batch of jobs could not be archived", load_id=str(load_id))
        return False
    return True


async def _load(load_id: UUID, *, database: Database, lake: Lake, warehouse: Warehouse) -> None:
    async with database.reading() as tx:
        jobs = await history.batch(tx, load_id)
    if not jobs:
        return  # another clean-up was faster
    name = f"jobs/history/{load_id}.ndjson.gz"
    try:
        await lake.create(name, _block(jobs, load_id))
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


async def _block(jobs: Sequence[str], load_id: UUID) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(_lines, jobs, load_id)


def _lines(jobs: Sequence[str], load_id: UUID) -> bytes:
    made = (archived(msgspec.json.decode(job), load_id=load_id) for job in jobs)
    return gzip.compress("".join(f"{job.model_dump_json()}\n" for job in made).encode(), mtime=0)
