"""A completed crawl queues its documents once, if its order asks for them."""

import asyncio
from uuid import UUID

import pytest

from infra.runtime.events.bus import PoisonMessage
from schemas.events.data_ingestion_completed import DataIngestionCompleted
from services.documents.process_crawl import document_job_id, process_crawl
from tests.flow.crawling.commands import download
from tests.flow.crawling.rig import TENANT
from tests.flow.documents.shelf import Shelf, lamp


async def event(shelf: Shelf, crawl_id: UUID, attempt: int = 1) -> DataIngestionCompleted:
    told = await shelf.house.events(crawl_id, "data.ingestion.completed")
    return DataIngestionCompleted.model_validate(told[attempt - 1]["data"])


@pytest.mark.parametrize("warehouse", ["async", "required"])
async def test_however_a_crawl_completes_its_event_says_that_documents_are_wanted(shelf: Shelf, warehouse: str) -> None:
    crawl_id = await shelf.crawl(warehouse=warehouse, source_id="shop")

    await shelf.tell(crawl_id)

    [job] = await shelf.jobs()
    assert (await event(shelf, crawl_id)).documents is True
    assert (job["id"], job["source_id"], job["tenant"]) == (document_job_id(crawl_id, 1), "shop", TENANT)
    assert (job["queue"], job["priority"], job["payload"]["crawl_id"]) == ("document", 3, str(crawl_id))
    await shelf.work()
    assert len(await shelf.rows(crawl_id)) == 3


@pytest.mark.parametrize("warehouse", ["async", "required"])
async def test_control_a_crawl_whose_order_does_not_ask_has_none(shelf: Shelf, warehouse: str) -> None:
    crawl_id = await shelf.crawl(warehouse=warehouse, documents=False)

    await shelf.tell(crawl_id)

    assert (await event(shelf, crawl_id)).documents is False
    assert await shelf.jobs() == []


async def test_an_event_that_comes_again_queues_nothing(shelf: Shelf) -> None:
    crawl_id = await shelf.crawl(lamp(1))
    await asyncio.gather(*(shelf.tell(crawl_id) for _ in range(4)))
    await shelf.work()
    before = await shelf.rows(crawl_id)

    await shelf.tell(crawl_id)
    await shelf.house.sql("DELETE FROM jobs WHERE kind = 'document'")
    await shelf.tell(crawl_id)
    await shelf.work()

    assert await shelf.jobs() == []
    assert await shelf.rows(crawl_id) == before


async def test_another_tenants_event_queues_nothing(shelf: Shelf) -> None:
    told = await event(shelf, await shelf.crawl())

    assert await process_crawl(told, tenant="other", database=shelf.house.runtime.database) is False
    assert await process_crawl(told, tenant=TENANT, database=shelf.house.runtime.database) is True


async def test_an_attempt_that_was_run_again_meanwhile_queues_nothing(shelf: Shelf) -> None:
    crawl_id = await shelf.crawl()
    first = await event(shelf, crawl_id)
    await download(shelf.house, crawl_id)

    assert await process_crawl(first, tenant=TENANT, database=shelf.house.runtime.database) is False
    await shelf.house.finish(crawl_id)
    assert await process_crawl(first, tenant=TENANT, database=shelf.house.runtime.database) is False
    await shelf.tell(crawl_id)
    assert [job["payload"]["attempt"] for job in await shelf.jobs()] == [2]


async def test_a_message_that_is_no_such_event_is_set_aside(shelf: Shelf) -> None:
    crawl_id = await shelf.crawl()
    await shelf.house.sql("UPDATE events SET data = data - 'sha256' WHERE subject = $1", str(crawl_id))

    with pytest.raises(PoisonMessage):
        await shelf.tell(crawl_id)
