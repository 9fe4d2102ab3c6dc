"""Erase a dataset that was removed: its rows in the warehouse and all that lies in the lake."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import msgspec

from infra.postgres.database import Database, Transaction
from infra.runtime.lake import Lake
from infra.runtime.warehouse import Warehouse
from schemas.records.table_names import DATASET_ROWS
from services.intake.datasets.load_job import load_id
from services.intake.store import loads
from services.jobs.job import Done, Job, NewJob, Outcome, Snooze
from services.jobs.store import queue

KIND = QUEUE = "erase_dataset"
WAIT_SECONDS = 2.0
AGAIN = timedelta(days=1)  # no worker that was lost goes on for longer
_IDS = UUID("6c1b8b0e-4a35-5d2c-b0f4-8a9f5f1c2d77")


class Removed(msgspec.Struct, frozen=True):
    """A dataset that was removed, and where it lies."""

    dataset_id: UUID
    location: str
    original: str
    again: bool = False


def erase_job(dataset: dict[str, Any], *, asked_by: str | None) -> NewJob:
    """The job that erases a dataset."""
    removed = Removed(dataset_id=dataset["id"], location=dataset["location"], original=dataset["original"])
    return NewJob(
        id=uuid5(_IDS, str(dataset["id"])),
        kind=KIND,
        queue=QUEUE,
        tenant=dataset["tenant"],
        created_by=asked_by,
        max_tries=20,
        payload=msgspec.to_builtins(removed),
    )


async def erase_dataset(
    job: Job, *, database: Database, lake: Lake, warehouse: Warehouse, now: Callable[[], datetime]
) -> Outcome:
    """Hidden at once, erased as soon as nobody loads it, and looked after once more a day later.

    Each step can be done twice. Raises the lake's and the warehouse's problems.
    """
    removed = msgspec.convert(job.payload, Removed)
    await warehouse.withdraw(DATASET_ROWS, [str(removed.dataset_id)])
    objects = await _remove_objects(removed, lake)
    async with database.reading() as tx:
        if await loads.is_running(tx, load_id(removed.dataset_id)):
            return Snooze(seconds=WAIT_SECONDS, step="waiting", reason="its rows are being loaded")
    rows = await warehouse.erase(DATASET_ROWS, "dataset_id", [str(removed.dataset_id)])
    told = {"dataset_id": str(removed.dataset_id), "objects": objects, "rows": rows}
    return Done(result=told, also=None if removed.again else _look_again(job, at=now() + AGAIN))


async def _remove_objects(removed: Removed, lake: Lake) -> int:
    names = [name async for name in lake.list(f"{removed.location}/")]
    for name in [*names, removed.original]:
        await lake.delete(name)
    return len(names)


def _look_again(job: Job, *, at: datetime) -> Callable[[Transaction], Any]:
    # a worker that was lost while it loaded may have written behind the erasure; what it wrote is hidden
    second = NewJob(
        id=uuid5(_IDS, str(job.id)),
        kind=KIND,
        queue=QUEUE,
        tenant=job.tenant,
        max_tries=20,
        due_at=at,
        payload={**job.payload, "again": True},
    )

    async def also(tx: Transaction) -> None:
        await queue.enqueue(tx, second)

    return also
