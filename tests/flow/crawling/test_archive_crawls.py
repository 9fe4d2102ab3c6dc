"""Old crawls leave PostgreSQL for the warehouse, where their status and their result are still answered."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.crawling.crawl_status import crawl_status
from services.crawling.history.archived_crawl import CrawlArchived
from services.crawling.list_crawls import list_crawls
from services.crawling.phase import CrawlNotFound
from services.jobs.reading.find_job import find_job
from tests.flow.crawling.archives import aged, archived, job_is_here, jobs_archived, left_behind, rows
from tests.flow.crawling.commands import retry
from tests.flow.crawling.rig import TENANT, House

NEW = {"commands": [], "archived": True, "ready_for_download": False}


async def old(house: House, sim: str = "", **more: Any) -> UUID:
    """A crawl that ended 31 days ago."""
    crawl_id = await house.trigger(sim, **more)
    await house.finish(crawl_id)
    await aged(house, crawl_id)
    return crawl_id


async def test_an_archived_crawl_has_the_status_and_the_result_it_had(house: House) -> None:
    crawl_id = await old(house, order={"metadata": {"m": [1, "é"]}, "source_id": "s"})
    before, result = await house.status(crawl_id), await house.result(crawl_id)

    assert await archived(house) == 1

    assert not await job_is_here(house, crawl_id)
    assert set((await left_behind(house)).values()) == {0}
    assert await house.status(crawl_id) == {**before, **NEW}
    assert (before["archived"], before["pipeline_status"]) == (False, "completed")
    assert await house.result(crawl_id) == result


async def test_a_failed_crawl_still_says_why_and_what_can_be_done_now(house: House) -> None:
    crawl_id = await house.submitted("ready_after:0,records:3,failed:No%20data%20found")
    await house.finish(crawl_id)
    await aged(house, crawl_id, 121)
    before = await house.status(crawl_id)

    assert await archived(house) == 1

    after = await house.status(crawl_id)
    assert after["error"] == {**before["error"], "recovery": CrawlArchived.recovery}
    assert {**after, "error": None} == {**before, **NEW, "error": None}


async def test_its_job_is_found_too_as_it_was(house: House) -> None:
    crawl_id = await old(house)

    async def job() -> dict[str, Any]:
        history = house.context.history
        return await find_job(crawl_id, tenant=TENANT, database=house.runtime.database, warehouse=history)

    before = await job()
    await archived(house)
    on_the_way = await job()
    await jobs_archived(house)

    assert await job() == on_the_way == before
    assert await house.rows("SELECT job_id FROM leaving_jobs") == []


async def test_the_warehouse_can_be_asked_for_archived_crawls(house: House) -> None:
    crawl_id = await old(house)
    result = (await house.status(crawl_id))["result"]
    await archived(house)

    [row] = await rows(house, crawl_id)
    facts = ("gcs_path", "row_count", "size_bytes", "sha256")
    assert {name: row[name] for name in facts} == {name: result[name] for name in facts}
    assert (row["state"], row["attempt"], row["warehouse_state"], row["tenant"]) == ("completed", 1, "loaded", TENANT)
    assert "facebook.com" in row["inputs"]


async def test_the_secret_of_its_hints_leaves_with_nobody(house: House) -> None:
    crawl_id = await old(house)
    await archived(house)

    [row] = await rows(house, crawl_id)
    assert "hook" not in str(row)
    assert "webhook_token" not in row


async def test_each_attempt_is_a_row(house: House) -> None:
    crawl_id = await house.stored()
    await house.work("load")
    await retry(house, crawl_id, repurchase=True)
    await house.finish(crawl_id)
    await aged(house, crawl_id)

    assert await archived(house) == 1

    first, second = kept = await rows(house, crawl_id)
    assert [(row["state"], row["attempt"]) for row in kept] == [("completed", 1), ("completed", 2)]
    assert first["gcs_path"] == second["gcs_path"].replace("/2/", "/1/")
    assert {row["snapshot_id"] for row in kept} == {one["snapshot_id"] for one in await house.bought()}
    assert [row["inputs"] is None for row in kept] == [True, False]
    assert (await house.status(crawl_id))["attempt"] == 2


async def test_a_crawl_of_another_tenant_does_not_exist_in_history(house: House) -> None:
    crawl_id = await old(house)
    await archived(house)

    for unknown, tenant in ((crawl_id, "other"), (uuid4(), TENANT)):
        with pytest.raises(CrawlNotFound):
            await crawl_status(
                unknown,
                tenant=tenant,
                database=house.runtime.database,
                history=house.context.history,
                polling_enabled=True,
            )


async def test_lists_show_only_what_is_not_archived(house: House) -> None:
    await old(house)
    young = await house.trigger()
    await archived(house)

    page = await list_crawls(
        tenant=TENANT,
        status=None,
        page_size=10,
        page_token=None,
        database=house.runtime.database,
        polling_enabled=True,
    )
    assert [one["crawl_id"] for one in page["items"]] == [str(young)]
