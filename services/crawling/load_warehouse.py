"""Load many crawls' objects in one warehouse job, then make their rows visible."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.problem import Problem
from schemas.records.table_names import RECORDS
from services.crawling.crawl_log import name_crawl
from services.crawling.failure import crawl_failed, stage_of
from services.crawling.ports import Warehouse
from services.crawling.publish_load import Attempt, Loaded, publish_load, published
from services.crawling.result.part import Place
from services.crawling.store import crawls, loads
from services.jobs.engine.gathering import gathered, later
from services.jobs.job import Done, Job, Outcome
from services.jobs.store import control, rows

# Of uncompressed lines in one load. A load that is interrupted starts over, and a function lives nine minutes: even at
# 15 MB a second, as on a crowded machine, half of that is enough.
MOST_BYTES = 4 * 1024**3
_IDS = UUID("0f8c8f6e-6f2d-5b52-8f57-b06e2bd24a51")
_SUPERSEDED = {"superseded": True}  # a later attempt of the crawl came with it


async def load_warehouse(
    jobs: Sequence[Job],
    *,
    database: Database,
    warehouse: Warehouse,
    every_seconds: float = 0.0,
    now: Callable[[], float] = time.time,
) -> dict[UUID, Outcome | Problem]:
    """Load what these jobs ask for; each gets its outcome or its own problem.

    With ``every_seconds`` each waits before every try, for the next of the moments that lie so far apart; ``now`` is
    in seconds since 1970. What is more than ``MOST_BYTES`` together is left to the next load, but one attempt is
    always taken. Which load takes which attempt is decided before it starts. No attempt is visible before all of its
    load is in the warehouse.
    """
    taken = gathered(jobs, size=_size, most=MOST_BYTES, every_seconds=every_seconds)
    ended = await _loaded(taken, database=database, warehouse=warehouse) if taken else {}
    # the time counts when the outcomes are written: a load may have taken minutes
    waiting = later(jobs, every_seconds=every_seconds, now=now(), reason="loaded together with others")
    return {**waiting, **ended}


def _size(job: Job) -> int:
    return int(job.payload["result"]["size_bytes"])


async def _loaded(jobs: Sequence[Job], *, database: Database, warehouse: Warehouse) -> dict[UUID, Outcome | Problem]:
    newest: dict[UUID, int] = {}
    for job in jobs:
        crawl_id, attempt = _attempt(job)
        newest[crawl_id] = max(attempt, newest.get(crawl_id, 0))
    found = await _load_together(sorted(newest.items()), database=database, warehouse=warehouse)
    mine = [one for one in newest.items() if isinstance(found.get(one), Loaded)]
    seen: Collection[Attempt] = ()
    try:
        seen = await publish_load(mine, database=database, warehouse=warehouse)
    except Problem as problem:
        found |= dict.fromkeys(mine, problem)
    return {
        job.id: _outcome(job, found, seen) if _attempt(job) in newest.items() else Done(result=_SUPERSEDED)
        for job in jobs
    }


async def _load_together(
    attempts: Sequence[Attempt], *, database: Database, warehouse: Warehouse
) -> dict[Attempt, Loaded | Problem]:
    load_id = uuid5(_IDS, "/".join(f"{crawl_id}:{attempt}" for crawl_id, attempt in attempts))
    async with database.transaction() as tx:
        assigned = await loads.assign(tx, attempts, load_id=load_id)
    found: dict[Attempt, Loaded | Problem] = {}
    for one in set(assigned.values()):
        found |= await _load(one, database=database, warehouse=warehouse)
    return found


async def _load(load_id: UUID, *, database: Database, warehouse: Warehouse) -> dict[Attempt, Loaded | Problem]:
    async with database.reading() as tx:
        rows = await loads.sources(tx, load_id)
    keys = [(UUID(row["crawl_id"]), row["attempt"]) for row in rows]
    try:
        counts = await warehouse.load(str(load_id), RECORDS, [_source(row) for row in rows])
    except Problem as problem:
        if problem.retryable or len(rows) == 1:
            return dict.fromkeys(keys, problem)
    else:
        return {key: Loaded(load_id=load_id, row_count=counts[str(key[0])]) for key in keys}
    # one crawl's damage must not keep the others out: each is loaded alone
    async with database.transaction() as tx:
        own = await loads.split(tx, load_id, lambda crawl_id, attempt: uuid5(load_id, f"{crawl_id}:{attempt}"))
    alone = [await _load(one, database=database, warehouse=warehouse) for one in own]
    return {key: result for one in alone for key, result in one.items()}


def _source(row: Mapping[str, Any]) -> LoadSource:
    return LoadSource(
        key=row["crawl_id"],
        attempt=row["attempt"],
        object_name=Place(prefix=f"crawls/{row['tenant']}/{row['crawl_id']}/{row['attempt']}").records,
        columns={name: value for name, value in row.items() if name not in {"crawl_id", "attempt"}},
    )


def _attempt(job: Job) -> Attempt:
    return UUID(job.payload["crawl_id"]), int(job.payload["attempt"])


def _outcome(job: Job, found: Mapping[Attempt, Loaded | Problem], seen: Collection[Attempt]) -> Outcome | Problem:
    attempt = _attempt(job)
    mine = found.get(attempt, WarehouseUnavailable("its load was taken apart by another worker"))
    if isinstance(mine, Problem):
        return mine
    also = published(job, *attempt, mine) if attempt in seen else None
    return Done(result={"load_id": str(mine.load_id), "row_count": mine.row_count}, also=also)


async def load_failed(tx: Transaction, job: Job, problem: Problem) -> None:
    """A crawl that must be in the warehouse fails with its load; another only says so."""
    name_crawl(job)
    crawl_id, attempt = _attempt(job)
    crawl = await control.lock(tx, crawl_id)
    if crawl is None or crawl.attempt != attempt:
        return
    await crawls.warehouse_state(tx, crawl_id, "failed")
    if crawl.state == "waiting":
        await control.fail_waiting(tx, crawl_id, problem, stage=stage_of(crawl, problem))
        await crawl_failed(tx, crawl, problem)
    else:
        await control.merge_result(tx, crawl_id, attempt=attempt, more={"warehouse": "failed"})
        await rows.tell(tx, crawl, "load_failed", {"code": problem.code, "message": problem.detail[:500]})
