"""Make a load's attempts visible in one publication, and complete the crawls that waited for it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.postgres.database import Database, Transaction
from schemas.records.table_names import RECORDS
from services.crawling.complete_crawl import ingestion_completed
from services.crawling.ports import Warehouse
from services.crawling.store import crawls, loads
from services.jobs.job import Also, Job
from services.jobs.store import control

Attempt = tuple[UUID, int]
"""A crawl and the number of its attempt."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """An attempt whose rows are in the warehouse, not visible yet."""

    load_id: UUID
    row_count: int


async def publish_load(
    attempts: Collection[Attempt], *, database: Database, warehouse: Warehouse
) -> frozenset[Attempt]:
    """Publish those of these attempts that may be seen, all at once; returns which. No crawl is locked meanwhile.

    What was decided stays right until it is published, and if it is published late or twice:

    - A crawl that must be in the warehouse takes no command while it is loaded, and only the job of its load ends it.
    - An attempt that was completed stays true, whatever is commanded next. Of two attempts the later one is seen, in
      whatever order they are published.
    - What was withdrawn stays hidden, whatever is published.

    Who dies after the publication leaves its jobs to others, who publish the same again: that changes nothing. Where
    the warehouse does not answer, nobody knows whether the rows are seen: if no later try gets an answer either, they
    may be seen though the crawl failed, until another attempt takes their place.

    Raises what the warehouse raises.
    """
    async with database.reading() as tx:
        seen = await loads.may_be_seen(tx, attempts)
    if seen:
        await warehouse.publish(RECORDS, {str(crawl_id): attempt for crawl_id, attempt in seen})
    return frozenset(seen)


def published(job: Job, crawl_id: UUID, attempt: int, loaded: Loaded) -> Also:
    """What commits with the end of a load's job whose attempt was published: its crawl knows, and everybody is told."""

    async def also(tx: Transaction) -> None:
        crawl = await control.lock(tx, crawl_id)
        if crawl is None or (crawl.attempt == attempt and crawl.state not in {"completed", "waiting"}):
            return  # ended behind the commands' back
        if crawl.attempt == attempt:
            await _settle(tx, crawl, job.payload["result"])
        elif await crawls.is_loaded(tx, crawl_id):
            return  # a later attempt's rows are the visible ones
        from schemas.events.data_warehouse_loaded import DataWarehouseLoaded  # noqa: PLC0415  # who tells none needs no pydantic

        told = DataWarehouseLoaded(
            crawl_id=str(crawl_id),
            attempt=attempt,
            table=RECORDS,
            row_count=loaded.row_count,
            load_id=str(loaded.load_id),
        )
        await tx.record(told, tenant=crawl.tenant)

    return also


async def _settle(tx: Transaction, crawl: Job, result: dict[str, Any]) -> None:
    await crawls.warehouse_state(tx, crawl.id, "loaded")
    if crawl.state == "waiting":
        await crawls.proven(tx, crawl.id, attempt=crawl.attempt, result=result)
        whole = {**result, "warehouse": "loaded"}
        await control.complete_waiting(tx, crawl.id, attempt=crawl.attempt, result=whole)
        await tx.record(ingestion_completed(crawl, result, warehouse="loaded"), tenant=crawl.tenant)
    else:
        await control.merge_result(tx, crawl.id, attempt=crawl.attempt, more={"warehouse": "loaded"})
