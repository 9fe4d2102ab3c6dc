"""What was derived of a result goes when its time is over; of a later result nothing does."""

import asyncio
from uuid import UUID

import pytest

from functions import clean_up
from schemas.events.crawl_result_expired import CrawlResultExpired
from services.crawling.erasing.expire_results import expire_results
from services.documents import forget_result as forgetting
from services.documents.forget_result import forget_result
from services.documents.process_crawl import document_job_id
from services.jobs.job import Done
from tests.flow.crawling.commands import download
from tests.flow.crawling.rig import TENANT
from tests.flow.documents.readers import Slow
from tests.flow.documents.shelf import Shelf, lamp

EXPIRED = "crawl.result_expired"


async def later(shelf: Shelf) -> int:
    """Three days later the clean-up has looked; returns how many results went."""
    await shelf.house.sql("UPDATE stored_results SET expires_at = expires_at - interval '3 days'")
    context = shelf.house.context
    return await expire_results(database=context.database, lake=context.lake, days=None)


async def forget(shelf: Shelf, crawl_id: UUID, *, attempt: int = 1, tenant: str = TENANT) -> int:
    """Tell that a result's time is over, whatever became of it."""
    told = CrawlResultExpired(crawl_id=str(crawl_id), attempt=attempt)
    return await forget_result(told, tenant=tenant, database=shelf.house.runtime.database)


async def left(shelf: Shelf, crawl_id: UUID, attempt: int = 1) -> list[int]:
    """Documents, resources and classifications of an attempt."""
    found = await shelf.house.rows(
        "SELECT (SELECT count(*) FROM documents WHERE job_id = $1) AS d,"
        " (SELECT count(*) FROM resources WHERE job_id = $1) AS r,"
        " (SELECT count(*) FROM classifications WHERE job_id = $1) AS c",
        document_job_id(crawl_id, attempt),
    )
    return list(found[0].values())


async def test_documents_go_with_the_result_they_were_made_of_and_no_others_do(shelf: Shelf) -> None:
    crawl_id = await shelf.made(keep_days=2)
    other = await shelf.crawl(lamp(5))
    await shelf.tell(other)
    await shelf.work()
    assert (await left(shelf, crawl_id), await left(shelf, other)) == ([3, 3, 1], [1, 1, 1])

    assert await later(shelf) == 1
    await shelf.tell(crawl_id, EXPIRED)

    assert (await left(shelf, crawl_id), await left(shelf, other)) == ([0, 0, 0], [1, 1, 1])
    assert await shelf.house.visible(crawl_id) == [(1, 3)]


async def test_control_a_result_that_is_kept_longer_is_told_of_by_nobody(shelf: Shelf) -> None:
    crawl_id = await shelf.made(keep_days=4)

    assert await later(shelf) == 0

    assert await shelf.house.events(crawl_id, EXPIRED) == []
    assert await left(shelf, crawl_id) == [3, 3, 1]


async def test_however_often_the_clean_up_comes_by_it_is_told_once(shelf: Shelf) -> None:
    crawl_id = await shelf.made(keep_days=2)
    await shelf.house.sql("UPDATE stored_results SET expires_at = expires_at - interval '3 days'")

    for _ in range(2):
        await clean_up.main.function.build(shelf.house.runtime)(asyncio.Event())

    assert [event["data"]["attempt"] for event in await shelf.house.events(crawl_id, EXPIRED)] == [1]


async def test_told_again_it_finds_nothing(shelf: Shelf) -> None:
    crawl_id = await shelf.made()

    assert [await forget(shelf, crawl_id) for _ in range(2)] == [3, 0]


async def test_many_documents_go_in_many_transactions(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "REMOVED_AT_ONCE", 2)
    crawl_id = await shelf.made()

    assert await forget(shelf, crawl_id) == 3
    assert await left(shelf, crawl_id) == [0, 0, 0]


async def test_another_tenant_forgets_nothing(shelf: Shelf) -> None:
    crawl_id = await shelf.made()

    assert await forget(shelf, crawl_id, tenant="other") == 0
    assert await left(shelf, crawl_id) == [3, 3, 1]


async def test_a_later_attempts_documents_stay_when_the_earlier_result_goes(shelf: Shelf) -> None:
    crawl_id = await shelf.made()
    await download(shelf.house, crawl_id)
    await shelf.house.finish(crawl_id)
    await shelf.tell(crawl_id)
    await shelf.work()
    assert (await left(shelf, crawl_id, 2))[0] == 3

    assert await forget(shelf, crawl_id, attempt=1) == 0
    assert (await left(shelf, crawl_id, 2))[0] == 3
    assert await forget(shelf, crawl_id, attempt=2) == 3


async def test_a_crawl_whose_result_is_over_has_documents_again_when_it_is_downloaded_again(shelf: Shelf) -> None:
    crawl_id = await shelf.made()
    await forget(shelf, crawl_id)

    await download(shelf.house, crawl_id)
    await shelf.house.finish(crawl_id)
    await shelf.tell(crawl_id)
    await shelf.work()

    assert (await left(shelf, crawl_id, 2))[0] == 3


async def test_a_job_at_work_writes_nothing_behind_it(shelf: Shelf) -> None:
    await shelf.concept()
    crawl_id = await shelf.crawl(*map(lamp, range(3)))
    await shelf.tell(crawl_id)
    model = Slow()
    at_work = asyncio.create_task(shelf.hold(crawl_id, model=model))
    await model.asked.wait()

    assert await forget(shelf, crawl_id) == 3
    model.let.set()
    done = await at_work

    assert isinstance(done, Done)
    assert (done.result["superseded"], await left(shelf, crawl_id)) == (True, [0, 0, 0])


async def test_nobody_has_them_made_anew_of_a_result_that_is_gone(shelf: Shelf) -> None:
    crawl_id = await shelf.made(keep_days=2)
    await later(shelf)
    await shelf.tell(crawl_id, EXPIRED)

    await shelf.retry(crawl_id)
    await shelf.work()

    [job] = await shelf.jobs()
    assert (job["state"], job["result"]["superseded"]) == ("completed", True)
    assert await left(shelf, crawl_id) == [0, 0, 0]
