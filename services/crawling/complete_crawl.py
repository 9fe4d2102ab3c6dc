"""Complete a crawl whose result is proven: one transaction for the state, the event and the load that follows."""

from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID, uuid5

from msgspec.structs import asdict

from infra.postgres.database import Transaction
from services.crawling.crawl import Crawl
from services.crawling.process_media import media_job
from services.crawling.result.proof import Proof
from services.crawling.spending.settle import settle
from services.crawling.store import crawls, results
from services.jobs.job import Done, Job, NewJob, Outcome, Waiting
from services.jobs.store import commands, control, queue

if TYPE_CHECKING:
    from schemas.events.data_ingestion_completed import DataIngestionCompleted

_IDS = UUID("5a5b6a3e-8f0b-5a39-9a7e-0c41c7f2d3b9")


def completed(job: Job, crawl: Crawl, proof: Proof) -> Outcome:
    """The outcome that tells everybody, at once or (``warehouse=required``) when the rows are loaded."""
    result: dict[str, Any] = asdict(proof) | ({"documents": True} if crawl.documents else {})

    async def also(tx: Transaction) -> None:
        await results.keep(tx, crawl.id, attempt=job.attempt, tenant=crawl.tenant)
        await settle(tx, crawl.id, tenant=crawl.tenant, records=proof.post_count)
        await queue.enqueue(tx, load_job(crawl, job.attempt, result))
        if crawl.media:
            await queue.enqueue(tx, media_job(crawl, job.attempt, proof.object_name))
        await crawls.warehouse_state(tx, crawl.id, "pending")
        if crawl.warehouse == "async":
            await crawls.proven(tx, crawl.id, attempt=job.attempt, result=result)
            await tx.record(ingestion_completed(job, result, warehouse="pending"), tenant=crawl.tenant)
        elif await control.wanted(tx, crawl.id) is not None:
            # it came too late: nothing may put a crawl aside, or end it, whose rows are about to be visible
            await commands.wish_no_more(tx, [job])

    if crawl.warehouse == "required":
        return Waiting(queue="load", step="loading", also=also)
    return Done(result={**result, "warehouse": "pending"}, also=also)


def load_id(crawl_id: UUID, attempt: int) -> UUID:
    """The id of the job that loads an attempt."""
    return uuid5(_IDS, f"{crawl_id}/{attempt}")


def load_job(crawl: Crawl, attempt: int, result: dict[str, Any]) -> NewJob:
    """The job that loads an attempt into the warehouse."""
    return NewJob(
        id=load_id(crawl.id, attempt),
        kind="load",
        queue="load",
        tenant=crawl.tenant,
        max_tries=8,
        payload={"crawl_id": str(crawl.id), "attempt": attempt, "result": result},
    )


def ingestion_completed(
    job: Job, result: dict[str, Any], *, warehouse: Literal["pending", "loaded"]
) -> "DataIngestionCompleted":
    """The event of a proven crawl."""
    from schemas.events.data_ingestion_completed import DataIngestionCompleted  # noqa: PLC0415  # who tells none needs no pydantic

    return DataIngestionCompleted(
        crawl_id=str(job.id),
        attempt=job.attempt,
        warehouse=warehouse,
        **{name: result[name] for name in DataIngestionCompleted.model_fields if name in result},
    )
