"""Load many crawls' objects in one warehouse job, then make their rows visible."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from infra.postgres.database import Database, Transaction
from schemas.events.data_warehouse_loaded import DataWarehouseLoaded
from schemas.load_source import LoadSource
from schemas.problem import Problem
from services.crawling.complete_crawl import ingestion_completed
from services.crawling.failure import crawl_failed
from services.crawling.ports import Warehouse
from services.crawling.store import crawls, loads
from services.crawling.store_part import Place
from services.jobs.job import Done, Job, Outcome
from services.jobs.store import control, rows

TABLE = "records"
_IDS = UUID("0f8c8f6e-6f2d-5b52-8f57-b06e2bd24a51")


async def load_warehouse(jobs: Sequence[Job], *, database: Database, warehouse: Warehouse) -> dict[UUID, Outcome]:
    """Load what these jobs ask for. Which load takes which attempt is decided before it starts.

    Raises the warehouse's problems; then no attempt of a failed load is visible.
    """
    attempts = [(UUID(job.payload["crawl_id"]), int(job.payload["attempt"])) for job in jobs]
    load_id = uuid5(_IDS, "/".join(f"{crawl_id}:{attempt}" for crawl_id, attempt in sorted(attempts)))
    async with database.transaction() as tx:
        assigned = await loads.assign(tx, attempts, load_id=load_id)
        sources = {one: await loads.sources(tx, one) for one in set(assigned.values())}
    counts = {one: await _load(warehouse, one, found) for one, found in sources.items()}
    return {
        job.id: _visible(job, assigned[attempt], counts[assigned[attempt]][str(attempt[0])], warehouse)
        for job, attempt in zip(jobs, attempts, strict=True)
    }


async def _load(warehouse: Warehouse, load_id: UUID, found: Sequence[Mapping[str, Any]]) -> Mapping[str, int]:
    sources = [
        LoadSource(
            crawl_id=row["crawl_id"],
            attempt=row["attempt"],
            object_name=Place(prefix=f"crawls/{row['tenant']}/{row['crawl_id']}/{row['attempt']}").records,
            columns={name: value for name, value in row.items() if name not in {"crawl_id", "attempt"}},
        )
        for row in found
    ]
    return await warehouse.load(str(load_id), TABLE, sources)


def _visible(job: Job, load_id: UUID, row_count: int, warehouse: Warehouse) -> Outcome:
    crawl_id, attempt = UUID(job.payload["crawl_id"]), int(job.payload["attempt"])

    async def also(tx: Transaction) -> None:
        crawl = await control.lock(tx, crawl_id)
        if crawl is None or crawl.attempt != attempt or crawl.state not in {"completed", "waiting"}:
            return  # another attempt is the crawl's truth by now
        # published while the crawl is locked: a cancellation comes before it or finds a completed crawl
        await warehouse.publish(TABLE, {str(crawl_id): attempt})
        await _tell(tx, crawl, job.payload["result"], load_id=load_id, row_count=row_count)

    return Done(result={"load_id": str(load_id), "row_count": row_count}, also=also)


async def _tell(tx: Transaction, crawl: Job, result: dict[str, Any], *, load_id: UUID, row_count: int) -> None:
    await crawls.warehouse_state(tx, crawl.id, "loaded")
    loaded = {**result, "warehouse": "loaded"}
    if crawl.state == "waiting":
        await control.complete_waiting(tx, crawl.id, attempt=crawl.attempt, result=loaded)
        await tx.record(ingestion_completed(crawl, result, warehouse="loaded"), tenant=crawl.tenant)
    else:
        await control.merge_result(tx, crawl.id, attempt=crawl.attempt, more={"warehouse": "loaded"})
    await tx.record(
        DataWarehouseLoaded(
            crawl_id=str(crawl.id), attempt=crawl.attempt, table=TABLE, row_count=row_count, load_id=str(load_id)
        ),
        tenant=crawl.tenant,
    )


async def load_failed(tx: Transaction, job: Job, problem: Problem) -> None:
    """A crawl that must be in the warehouse fails with its load; another only says so."""
    crawl_id, attempt = UUID(job.payload["crawl_id"]), int(job.payload["attempt"])
    crawl = await control.lock(tx, crawl_id)
    if crawl is None or crawl.attempt != attempt:
        return
    await crawls.warehouse_state(tx, crawl_id, "failed")
    if crawl.state == "waiting":
        await control.fail_waiting(tx, crawl_id, problem, stage="warehouse")
        await crawl_failed(tx, crawl, problem)
    else:
        await control.merge_result(tx, crawl_id, attempt=attempt, more={"warehouse": "failed"})
        await rows.tell(tx, crawl, "load_failed", {"code": problem.code, "message": problem.detail[:500]})
