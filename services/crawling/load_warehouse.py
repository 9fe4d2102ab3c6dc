"""Load many crawls' objects in one warehouse job, then make their rows visible."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from schemas.events.data_warehouse_loaded import DataWarehouseLoaded
from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.problem import Problem
from services.crawling.complete_crawl import ingestion_completed
from services.crawling.crawl_log import name_crawl
from services.crawling.failure import crawl_failed, stage_of
from services.crawling.ports import Warehouse
from services.crawling.result.part import Place
from services.crawling.store import crawls, loads
from services.jobs.job import Done, Job, Outcome, Snooze
from services.jobs.store import control, rows

TABLE = "records"
GATHERING = "gathering"  # the step of a load that waits for others, once
_IDS = UUID("0f8c8f6e-6f2d-5b52-8f57-b06e2bd24a51")
_SUPERSEDED = {"superseded": True}  # a later attempt of the crawl came with it


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """An attempt whose rows are in the warehouse, not visible yet."""

    load_id: UUID
    row_count: int


async def load_warehouse(
    jobs: Sequence[Job],
    *,
    database: Database,
    warehouse: Warehouse,
    every_seconds: float = 0.0,
    now: Callable[[], float] = time.time,
) -> dict[UUID, Outcome | Problem]:
    """Load what these jobs ask for; each gets its outcome or its own problem.

    With ``every_seconds`` each waits first, for the next of the moments that lie so far apart; ``now`` is in seconds
    since 1970. Which load takes which attempt is decided before it starts. No attempt of a failed load is visible.
    """
    waiting = _waiting(jobs, every_seconds, now()) if every_seconds else {}
    ready = [job for job in jobs if job.id not in waiting]
    return {**waiting, **await _loaded(ready, database=database, warehouse=warehouse)} if ready else waiting


def _waiting(jobs: Sequence[Job], every_seconds: float, now: float) -> dict[UUID, Outcome | Problem]:
    rest = Snooze(seconds=every_seconds - now % every_seconds, step=GATHERING, reason="loaded together with others")
    return {job.id: rest for job in jobs if job.step != GATHERING}


async def _loaded(jobs: Sequence[Job], *, database: Database, warehouse: Warehouse) -> dict[UUID, Outcome | Problem]:
    newest: dict[UUID, int] = {}
    for job in jobs:
        crawl_id, attempt = _attempt(job)
        newest[crawl_id] = max(attempt, newest.get(crawl_id, 0))
    loaded = await _load_together(sorted(newest.items()), database=database, warehouse=warehouse)
    return {
        job.id: _outcome(job, loaded, warehouse) if _attempt(job) in newest.items() else Done(result=_SUPERSEDED)
        for job in jobs
    }


async def _load_together(
    attempts: Sequence[tuple[UUID, int]], *, database: Database, warehouse: Warehouse
) -> dict[tuple[UUID, int], Loaded | Problem]:
    load_id = uuid5(_IDS, "/".join(f"{crawl_id}:{attempt}" for crawl_id, attempt in attempts))
    async with database.transaction() as tx:
        assigned = await loads.assign(tx, attempts, load_id=load_id)
    found: dict[tuple[UUID, int], Loaded | Problem] = {}
    for one in set(assigned.values()):
        found |= await _load(one, database=database, warehouse=warehouse)
    return found


async def _load(load_id: UUID, *, database: Database, warehouse: Warehouse) -> dict[tuple[UUID, int], Loaded | Problem]:
    async with database.reading() as tx:
        rows = await loads.sources(tx, load_id)
    keys = [(UUID(row["crawl_id"]), row["attempt"]) for row in rows]
    try:
        counts = await warehouse.load(str(load_id), TABLE, [_source(row) for row in rows])
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


def _attempt(job: Job) -> tuple[UUID, int]:
    return UUID(job.payload["crawl_id"]), int(job.payload["attempt"])


def _outcome(job: Job, loaded: Mapping[tuple[UUID, int], Loaded | Problem], warehouse: Warehouse) -> Outcome | Problem:
    mine = loaded.get(_attempt(job), WarehouseUnavailable("its load was taken apart by another worker"))
    return mine if isinstance(mine, Problem) else _visible(job, mine, warehouse)


def _visible(job: Job, loaded: Loaded, warehouse: Warehouse) -> Outcome:
    crawl_id, attempt = _attempt(job)

    async def also(tx: Transaction) -> None:
        crawl = await control.lock(tx, crawl_id)
        if crawl is None or (crawl.attempt == attempt and crawl.state not in {"completed", "waiting"}):
            return  # cancelled meanwhile
        if crawl.attempt != attempt and await crawls.is_loaded(tx, crawl_id):
            return  # a later attempt's rows are the visible ones
        # published while the crawl is locked: a cancellation comes before it or finds a completed crawl
        await warehouse.publish(TABLE, {str(crawl_id): attempt})
        if crawl.attempt == attempt:
            await _settle(tx, crawl, job.payload["result"])
        # an attempt that was completed stays true when another one follows
        await tx.record(
            DataWarehouseLoaded(
                crawl_id=str(crawl_id),
                attempt=attempt,
                table=TABLE,
                row_count=loaded.row_count,
                load_id=str(loaded.load_id),
            ),
            tenant=crawl.tenant,
        )

    return Done(result={"load_id": str(loaded.load_id), "row_count": loaded.row_count}, also=also)


async def _settle(tx: Transaction, crawl: Job, result: dict[str, Any]) -> None:
    await crawls.warehouse_state(tx, crawl.id, "loaded")
    if crawl.state == "waiting":
        await crawls.proven(tx, crawl.id, attempt=crawl.attempt, result=result)
        whole = {**result, "warehouse": "loaded"}
        await control.complete_waiting(tx, crawl.id, attempt=crawl.attempt, result=whole)
        await tx.record(ingestion_completed(crawl, result, warehouse="loaded"), tenant=crawl.tenant)
    else:
        await control.merge_result(tx, crawl.id, attempt=crawl.attempt, more={"warehouse": "loaded"})


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
