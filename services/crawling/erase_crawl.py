"""Erase all that was stored of a crawl: objects, rows of the warehouse, rows of its own, and tell it."""

from uuid import UUID

from infra.postgres.database import Database, Transaction
from services.crawling.complete_crawl import load_id
from services.crawling.crawl_log import name_crawl
from services.crawling.erasing.remove import place, remove_objects, remove_rows
from services.crawling.erasing.remove_media import remove_media
from services.crawling.ports import Lake, Warehouse
from services.crawling.process_media import media_id
from services.crawling.store import erasures
from services.crawling.store.erasures import Erasure
from services.jobs.job import Done, Job, Outcome, Snooze
from services.jobs.progress import Reporter
from services.jobs.store import erasing

WAIT_SECONDS = 2.0


async def erase_crawl(job: Job, *, database: Database, lake: Lake, warehouse: Warehouse, reporter: Reporter) -> Outcome:
    """Each step can be done twice; what an interrupted run removed is counted where its count was written.

    Waits while rows of the crawl are being loaded or archived: they would come behind it. Raises the lake's and the
    warehouse's problems and ``LeaseLost``.
    """
    name_crawl(job)
    crawl_id = UUID(job.payload["crawl_id"])
    async with database.reading() as tx:
        erasure = await erasures.find(tx, crawl_id, tenant=job.tenant)
        if erasure is None:
            return Done(result={"crawl_id": str(crawl_id)})
        if await _moving(tx, erasure):
            return Snooze(seconds=WAIT_SECONDS, step="waiting", reason="rows of the crawl are on their way")
    await reporter.report(job, 10.0, step="lake")
    await _counted(database, crawl_id, "objects", await remove_objects(place(job.tenant, crawl_id), lake=lake))
    found = await remove_media(crawl_id, tenant=job.tenant, database=database, lake=lake)
    await _counted(database, crawl_id, "media", found)
    await reporter.report(job, 50.0, step="warehouse")
    await _counted(database, crawl_id, "warehouse_rows", await remove_rows(crawl_id, warehouse=warehouse))
    return _erased(erasure)


async def _moving(tx: Transaction, erasure: Erasure) -> bool:
    attempts = range(1, erasure.attempt + 1)
    loads = [load_id(erasure.crawl_id, number) for number in attempts]
    jobs = [erasure.crawl_id, *loads, *(media_id(erasure.crawl_id, number) for number in attempts)]
    return await erasing.any_under_way(tx, jobs) or await erasures.on_its_way(tx, erasure.crawl_id)


async def _counted(database: Database, crawl_id: UUID, what: str, more: int) -> None:
    async with database.transaction() as tx:
        await erasures.count(tx, crawl_id, what, more)


def _erased(erasure: Erasure) -> Outcome:
    from schemas.events.crawl_data_erased import CrawlDataErased  # noqa: PLC0415  # who tells none needs no pydantic

    async def also(tx: Transaction) -> None:
        counts = await erasures.finish(tx, erasure.crawl_id)
        await erasing.forget_contents(tx, [erasure.crawl_id])
        told = CrawlDataErased(
            crawl_id=str(erasure.crawl_id),
            attempt=erasure.attempt,
            objects=counts["objects"] + counts["media"],
            rows=counts["warehouse_rows"],
        )
        await tx.record(told, tenant=erasure.tenant)

    return Done(result={"crawl_id": str(erasure.crawl_id)}, also=also)
