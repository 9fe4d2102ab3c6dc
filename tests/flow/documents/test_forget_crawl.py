"""What was derived of a crawl goes when its data is erased, and nothing comes back."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from schemas.events.crawl_data_erased import CrawlDataErased
from services.documents import forget_crawl as forgetting
from services.documents.forget_crawl import forget_crawl
from services.documents.process_crawl import document_job_id
from services.documents.store import document_crawls
from services.jobs.job import Done
from tests.contract.jobs.rig import until
from tests.flow.crawling.rig import TENANT
from tests.flow.documents.desk import NOW, classified
from tests.flow.documents.readers import Slow
from tests.flow.documents.shelf import Shelf, lamp

ERASED = "crawl.data_erased"


class Still:
    """A lake that is read when somebody lets it."""

    def __init__(self, lake: Any) -> None:
        self._lake = lake
        self.asked, self.let = asyncio.Event(), asyncio.Event()

    async def read(self, name: str, **part: Any) -> AsyncGenerator[bytes, None]:
        blocks = [block async for block in self._lake.read(name, **part)]
        self.asked.set()
        await self.let.wait()
        for block in blocks:
            yield block


async def forget(shelf: Shelf, crawl_id: UUID, *, tenant: str = TENANT) -> int:
    """Tell of the erasure, whatever became of the crawl."""
    told = CrawlDataErased(crawl_id=str(crawl_id), attempt=1, objects=1, rows=1)
    return await forget_crawl(told, tenant=tenant, now=datetime.now(UTC), database=shelf.house.runtime.database)


async def left(shelf: Shelf, crawl_id: UUID) -> list[int]:
    """Documents, resources and classifications of a crawl."""
    job = document_job_id(crawl_id, 1)
    found = await shelf.house.rows(
        "SELECT (SELECT count(*) FROM documents WHERE crawl_id = $1) AS d,"
        " (SELECT count(*) FROM resources WHERE job_id = $2) AS r,"
        " (SELECT count(*) FROM classifications WHERE job_id = $2) AS c",
        crawl_id,
        job,
    )
    return list(found[0].values())


async def test_all_that_was_derived_of_an_erased_crawl_goes_and_nothing_else(shelf: Shelf) -> None:
    crawl_id = await shelf.made()
    other = await shelf.crawl(lamp(5))
    await shelf.tell(other)
    await shelf.work()
    page = uuid4()
    await classified(shelf.house.runtime.database, job_id=page)
    assert (await left(shelf, crawl_id), await left(shelf, other)) == ([3, 3, 1], [1, 1, 1])

    await shelf.erase(crawl_id)
    await shelf.tell(crawl_id, ERASED)

    assert (await left(shelf, crawl_id), await left(shelf, other)) == ([0, 0, 0], [1, 1, 1])
    assert len(await shelf.house.rows("SELECT FROM resources WHERE job_id = $1", page)) == 1
    [stone] = await shelf.house.rows("SELECT erased_at FROM document_crawls WHERE crawl_id = $1", crawl_id)
    assert stone["erased_at"] is not None


async def test_control_what_nobody_told_of_stays(shelf: Shelf) -> None:
    crawl_id = await shelf.made()

    await shelf.erase(crawl_id)

    assert await left(shelf, crawl_id) == [3, 3, 1]


async def test_told_again_it_finds_nothing_and_the_stone_stays_as_it_was(shelf: Shelf) -> None:
    crawl_id = await shelf.made()

    assert [await forget(shelf, crawl_id) for _ in range(2)] == [3, 0]
    first = await shelf.house.rows("SELECT erased_at FROM document_crawls")
    await forget(shelf, crawl_id)

    assert await shelf.house.rows("SELECT erased_at FROM document_crawls") == first


async def test_many_documents_go_in_many_transactions(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "REMOVED_AT_ONCE", 2)
    crawl_id = await shelf.made()

    assert await forget(shelf, crawl_id) == 3
    assert await left(shelf, crawl_id) == [0, 0, 0]


async def test_another_tenant_erases_nothing(shelf: Shelf) -> None:
    crawl_id = await shelf.made()

    assert await forget(shelf, crawl_id, tenant="other") == 0
    assert await left(shelf, crawl_id) == [3, 3, 1]
    assert await shelf.house.rows("SELECT FROM document_crawls WHERE erased_at IS NOT NULL") == []


async def test_an_erasure_that_comes_before_the_crawls_own_event_leaves_nothing_to_do(shelf: Shelf) -> None:
    crawl_id = await shelf.crawl(lamp(1))

    await forget(shelf, crawl_id)
    await shelf.tell(crawl_id)

    assert await shelf.jobs() == []


async def test_a_job_that_waits_in_its_queue_makes_nothing(shelf: Shelf) -> None:
    await shelf.concept()
    crawl_id = await shelf.crawl(lamp(1))
    await shelf.tell(crawl_id)

    await forget(shelf, crawl_id)
    await shelf.work()

    [job] = await shelf.jobs()
    assert (job["state"], job["result"]["superseded"], job["result"]["document_count"]) == ("completed", True, 0)
    assert await left(shelf, crawl_id) == [0, 0, 0]


@pytest.mark.parametrize("at", ["extracting", "classifying"])
async def test_a_job_at_work_writes_nothing_behind_the_erasure(shelf: Shelf, at: str) -> None:
    await shelf.concept()
    crawl_id = await shelf.crawl(*map(lamp, range(3)))
    await shelf.tell(crawl_id)
    gate = Slow() if at == "classifying" else Still(shelf.house.runtime.lake)
    at_work = asyncio.create_task(shelf.hold(crawl_id, **{"model" if isinstance(gate, Slow) else "lake": gate}))
    await gate.asked.wait()

    await forget(shelf, crawl_id)
    gate.let.set()
    done = await at_work

    assert isinstance(done, Done)
    assert (done.result["superseded"], await left(shelf, crawl_id)) == (True, [0, 0, 0])


async def test_control_without_the_stone_the_same_job_writes_again(shelf: Shelf) -> None:
    await shelf.concept()
    crawl_id = await shelf.crawl(*map(lamp, range(3)))
    await shelf.tell(crawl_id)
    gate = Still(shelf.house.runtime.lake)
    at_work = asyncio.create_task(shelf.hold(crawl_id, lake=gate))
    await gate.asked.wait()

    await shelf.house.sql("DELETE FROM documents")
    gate.let.set()
    await at_work

    assert await left(shelf, crawl_id) == [3, 3, 1]


async def test_who_writes_just_now_is_waited_for_and_its_document_goes_too(shelf: Shelf) -> None:
    crawl_id, database = await shelf.made(), shelf.house.runtime.database

    async def waits() -> bool:
        found = await shelf.house.rows(
            "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%document_crawls%'"
            " AND datname = current_database()"
        )
        return bool(found)

    async with database.transaction() as tx:
        assert await document_crawls.standing(tx, crawl_id, attempt=1, tenant=TENANT)
        forgotten = asyncio.create_task(forget(shelf, crawl_id))
        await until(waits)
        await tx.execute(
            "INSERT INTO documents (id, tenant, crawl_id, attempt, job_id, ordinal, url, title, text, created_at)"
            " VALUES ($1, $2, $3, 1, $4, 99, '', '', '', $5)",
            uuid4(),
            TENANT,
            crawl_id,
            document_job_id(crawl_id, 1),
            NOW,
        )

    assert await forgotten == 4
    assert await left(shelf, crawl_id) == [0, 0, 0]
