"""Crawls whose records become documents: ordered, told of, worked, and looked at."""

import gzip
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import msgspec
from msgspec import convert

from functions import forget_crawl, forget_result, process_crawl, process_document
from infra.runtime.functions.function import Subscribing
from schemas.envelope import Envelope
from services.crawling.erasing.order_erasure import order_erasure
from services.documents.ontology.concept import NewConcept
from services.documents.ontology.create_concept import create_concept
from services.documents.process_crawl import document_job_id
from services.documents.process_document import process_document as process
from services.documents.wiring import documents
from services.jobs.engine.settle import settle
from services.jobs.job import Outcome
from services.jobs.store import control
from tests.flow.crawling.rig import TENANT, House
from tests.flow.documents.desk import NOW, PRODUCT

SUBSCRIBERS: dict[str, Subscribing] = {
    "data.ingestion.completed": process_crawl.main.function,
    "crawl.data_erased": forget_crawl.main.function,
    "crawl.result_expired": forget_result.main.function,
}


def lamp(number: int) -> dict[str, Any]:
    """A record of something for sale."""
    return {"url": f"https://shop.example/{number}", "title": f"Lamp {number} - product", "text": "Price: 12 EUR"}


@dataclass
class Shelf:
    """Documents of the crawls of a house."""

    house: House

    async def concept(self, said: Mapping[str, Any] = PRODUCT) -> None:
        await create_concept(
            NewConcept.model_validate(said),
            concept_id=uuid4(),
            now=NOW,
            tenant=TENANT,
            created_by=None,
            database=self.house.runtime.database,
        )

    async def crawl(self, *records: Mapping[str, Any], **order: Any) -> UUID:
        """A completed crawl that brought these records; whoever subscribed was not told yet."""
        crawl_id = await self.house.stored("ready_after:0,records:3", order={"documents": True, **order})
        await self.house.work("load")
        if records:
            await self.bring(crawl_id, *records)
        return crawl_id

    async def bring(self, crawl_id: UUID, *records: Mapping[str, Any]) -> None:
        """The crawl's result is another one."""
        name = f"crawls/{TENANT}/{crawl_id}/other-{uuid4().hex}.ndjson.gz"

        async def packed() -> AsyncIterator[bytes]:
            yield gzip.compress(b"".join(msgspec.json.encode(one) + b"\n" for one in records), mtime=0)

        await self.house.context.lake.create(name, packed())
        changed = {"object_name": name, "row_count": len(records)}
        await self.house.sql("UPDATE jobs SET result = result || $2 WHERE id = $1", crawl_id, changed)

    async def tell(self, crawl_id: UUID, topic: str = "data.ingestion.completed") -> None:
        """Have the last event of this type handled by the function that subscribed to it."""
        event = (await self.house.events(crawl_id, topic))[-1]
        about = {"id": str(event["id"]), "subject": str(crawl_id), "time": datetime.now(UTC), "tenant": TENANT}
        said = convert({**event, **about}, Envelope)
        await SUBSCRIBERS[topic].build(self.house.runtime)(said, 1)

    async def jobs(self) -> list[dict[str, Any]]:
        """Document jobs, oldest first."""
        return [
            dict(row) for row in await self.house.rows("SELECT * FROM jobs WHERE kind = 'document' ORDER BY rank_at")
        ]

    async def work(self) -> None:
        """Let the function work until nothing is ready."""
        await process_document.main.function.worker(self.house.runtime).drain(self.house.stop)

    async def hold(self, crawl_id: UUID, attempt: int = 1, **parts: Any) -> Outcome:
        """One claim of the crawl's job, by a worker that has these parts instead of the usual ones."""
        job = await self.house.take(document_job_id(crawl_id, attempt))
        context = self.house.runtime.once(documents)
        usual = {"database": context.database, "lake": self.house.runtime.lake, "model": context.model}
        outcome = await process(job, **{**usual, "clock": partial(datetime.now, UTC), **parts})
        await settle(context.database, job, outcome)
        return outcome

    async def retry(self, crawl_id: UUID, attempt: int = 1) -> None:
        """Somebody has the crawl's ended document job done anew."""
        async with self.house.runtime.database.transaction() as tx:
            job = await control.lock(tx, document_job_id(crawl_id, attempt))
            assert job is not None
            await control.restart(tx, job, state="ready", queue="document", step=None)

    async def made(self, **order: Any) -> UUID:
        """A crawl with three lamps whose documents are classified."""
        await self.concept()
        crawl_id = await self.crawl(*map(lamp, range(3)), **order)
        await self.tell(crawl_id)
        await self.work()
        return crawl_id

    async def erase(self, crawl_id: UUID) -> None:
        """Erase the crawl's data; whoever derived something from it was not told yet."""
        await order_erasure(crawl_id, tenant=TENANT, asked_by=None, room=9, **self.house.places)
        await self.house.work("erase")

    async def rows(self, crawl_id: UUID) -> list[dict[str, Any]]:
        """The crawl's documents, in the order of its records."""
        found = await self.house.rows("SELECT * FROM documents WHERE crawl_id = $1 ORDER BY ordinal", crawl_id)
        return [dict(row) for row in found]

    async def labels(self, crawl_id: UUID) -> list[str]:
        """What was found in the crawl's documents, in their order."""
        found = await self.house.rows(
            "SELECT label FROM resources r JOIN documents d ON d.id = r.document_id WHERE d.crawl_id = $1"
            " ORDER BY d.ordinal, r.ordinal",
            crawl_id,
        )
        return [row["label"] for row in found]
