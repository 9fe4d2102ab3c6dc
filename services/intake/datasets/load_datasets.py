"""Load the rows of many datasets in one warehouse job, then make them visible."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from infra.runtime.warehouse import Warehouse
from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.problem import Problem
from schemas.records.table_names import DATASET_ROWS
from services.intake.store import loads
from services.jobs.engine.gathering import gathered, later
from services.jobs.job import Done, Job, Outcome

ATTEMPT = 1
# Of uncompressed lines in one load: one that is interrupted starts over, and a function lives nine minutes.
MOST_BYTES = 4 * 1024**3
_IDS = UUID("3f0f6d52-0a6b-5f0b-8c6e-0b9d1a4c7e35")
_COLUMNS = ("tenant", "source_id", "filename", "imported_at")

Found = dict[UUID, int | Problem]
"""Of each dataset how many rows are in the warehouse, or why none are."""


async def load_datasets(
    jobs: Sequence[Job],
    *,
    database: Database,
    warehouse: Warehouse,
    every_seconds: float = 0.0,
    now: Callable[[], float] = time.time,
) -> dict[UUID, Outcome | Problem]:
    """Load what these jobs ask for; each gets its outcome or its own problem.

    For ``every_seconds`` and ``now`` see ``gathering``. Which load takes which dataset is decided before it starts. No
    row is visible before all of its dataset are in the warehouse, and none of a dataset that was removed meanwhile.
    """
    taken = gathered(jobs, size=lambda job: job.payload["size_bytes"], most=MOST_BYTES, every_seconds=every_seconds)
    ended = await _loaded(taken, database=database, warehouse=warehouse) if taken else {}
    # the time counts when the outcomes are written: a load may have taken minutes
    waiting = later(jobs, every_seconds=every_seconds, now=now(), reason="loaded together with others")
    return {**waiting, **ended}


async def _loaded(jobs: Sequence[Job], *, database: Database, warehouse: Warehouse) -> dict[UUID, Outcome | Problem]:
    ids = [_dataset(job) for job in jobs]
    async with database.transaction() as tx:
        assigned = await loads.assign(tx, ids, load_id=uuid5(_IDS, "/".join(sorted(map(str, ids)))))
    found: Found = {}
    for load_id in sorted(set(assigned.values())):
        found |= await _load(load_id, database=database, warehouse=warehouse)
    found |= await _publish([one for one in ids if isinstance(found.get(one), int)], warehouse=warehouse)
    async with database.reading() as tx:
        there = await loads.there(tx, ids)
    return {job.id: _outcome(job, found, there) for job in jobs}


async def _load(load_id: UUID, *, database: Database, warehouse: Warehouse) -> Found:
    async with database.reading() as tx:
        rows = await loads.sources(tx, load_id)
    try:
        counts = await warehouse.load(str(load_id), DATASET_ROWS, [_source(row) for row in rows])
    except Problem as problem:
        if problem.retryable or len(rows) == 1:
            return dict.fromkeys([UUID(row["id"]) for row in rows], problem)
    else:
        return {UUID(row["id"]): counts.get(row["id"], 0) for row in rows}
    # one dataset's damage must not keep the others out: each is loaded alone
    async with database.transaction() as tx:
        own = await loads.split(tx, load_id, lambda dataset_id: uuid5(load_id, str(dataset_id)))
    alone = [await _load(one, database=database, warehouse=warehouse) for one in own]
    return {key: result for one in alone for key, result in one.items()}


async def _publish(ids: Collection[UUID], *, warehouse: Warehouse) -> Found:
    """Nothing, or of each why it is not seen."""
    try:
        await warehouse.publish(DATASET_ROWS, {str(one): ATTEMPT for one in ids})
    except Problem as problem:
        return dict.fromkeys(ids, problem)
    return {}


def _source(row: Mapping[str, Any]) -> LoadSource:
    return LoadSource(
        key=row["id"],
        attempt=ATTEMPT,
        object_name=f"{row['location']}/records.ndjson.gz",
        columns={name: row[name] for name in _COLUMNS},
    )


def _dataset(job: Job) -> UUID:
    return UUID(job.payload["dataset_id"])


def _outcome(job: Job, found: Found, there: Collection[UUID]) -> Outcome | Problem:
    dataset_id = _dataset(job)
    if dataset_id not in there:
        return Done(result={"dataset_id": str(dataset_id), "removed": True})
    rows = found.get(dataset_id, WarehouseUnavailable("its load was taken apart by another worker"))
    if isinstance(rows, Problem):
        return rows

    async def also(tx: Transaction) -> None:
        await loads.settle(tx, dataset_id, "loaded")

    return Done(result={"dataset_id": str(dataset_id), "table": DATASET_ROWS, "row_count": rows}, also=also)


async def load_failed(tx: Transaction, job: Job, _problem: Problem) -> None:
    """The dataset says that its rows are not in the warehouse."""
    await loads.settle(tx, _dataset(job), "failed")
