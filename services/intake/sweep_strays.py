"""Remove what lies in the lake for nobody: uploads and captures of jobs that were never committed, or are forgotten."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from uuid import UUID

import structlog

from infra.postgres.database import Database, Transaction
from infra.runtime.lake import Lake
from services.intake.store import strays

log = structlog.get_logger()

BATCH = 500
STRAY_SECONDS = 86_400.0  # no upload takes as long as this to be known
_FORGOTTEN = 3 * STRAY_SECONDS

Unknown = Callable[[Transaction, Mapping[str, UUID]], Awaitable[set[str]]]
_KNOWERS: Mapping[str, Unknown] = {"uploads/": strays.of_uploads, "captures/": strays.of_captures}


async def sweep_strays(
    stop: asyncio.Event, *, database: Database, lake: Lake, stray_seconds: float = STRAY_SECONDS
) -> int:
    """Look at all of them until ``stop`` is set; returns how many objects went, each unknown for ``stray_seconds``.

    An upload is known to its job until that is archived, and to the dataset that came of it. A capture is known to its
    job for good: an archived job is still found and its page still read, so the retention of jobs takes no capture
    away. A capture that failed is kept as long: what came of it may refer to its picture. Raises what the lake raises.
    """
    removed = 0
    for prefix, unknown in _KNOWERS.items():
        async for found in _batches(lake, prefix):
            if stop.is_set():
                return removed
            removed += await _sweep(found, unknown, database=database, lake=lake, stray_seconds=stray_seconds)
    async with database.transaction() as tx:
        await strays.forget(tx, seconds=_FORGOTTEN)
    return removed


async def _batches(lake: Lake, prefix: str) -> AsyncIterator[dict[str, UUID]]:
    batch: dict[str, UUID] = {}
    async for name in lake.list(prefix):
        if (job_id := _job_of(name)) is not None:
            batch[name] = job_id
        if len(batch) == BATCH:
            yield batch
            batch = {}
    if batch:
        yield batch


def _job_of(name: str) -> UUID | None:
    """The job whose folder this is; None for what is not ours."""
    try:
        return UUID(name.split("/")[2])
    except (IndexError, ValueError):
        return None


async def _sweep(
    found: Mapping[str, UUID], unknown: Unknown, *, database: Database, lake: Lake, stray_seconds: float
) -> int:
    async with database.transaction() as tx:
        old = await strays.note(tx, found.keys(), unknown=await unknown(tx, found), seconds=stray_seconds)
    for name in old:
        await lake.delete(name)
    if old:
        log.info("strays removed", objects=len(old), first=old[0])
    return len(old)
