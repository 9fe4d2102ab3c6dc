"""Crawls that leave for BigQuery answer from there as they did before."""

from uuid import UUID, uuid4

import pytest

from infra.gcp.bigquery import BigQueryWarehouse
from infra.gcp.storage import StorageLake
from schemas.tables import warehouse_tables
from services.crawling.history.find_crawl import find_crawl
from services.crawling.phase import CrawlNotFound
from services.crawling.result.record import decode_record, is_error
from tests.flow.crawling.archives import aged, archived, left_behind, rows
from tests.flow.crawling.rig import House


@pytest.fixture
async def old(house: House, storage_emulator: str, bigquery_emulator: str) -> UUID:
    """A crawl that ended 31 days ago in a house with Google's lake and warehouse."""
    name = f"test_{uuid4().hex}"
    lake = StorageLake("warehouse-flow", prefix=name, project="local", emulator=storage_emulator)
    warehouse = BigQueryWarehouse(
        "local",
        name,
        lake,
        warehouse_tables(),  # type: ignore[arg-type]  # its columns
        judges={"is_error": lambda line: is_error(decode_record(line))},
        emulator=bigquery_emulator,
    )
    house.replace(lake=lake, warehouse=warehouse, history=warehouse)
    crawl_id = await house.stored("ready_after:0,records:3", order={"metadata": {"quoted": 'it\'s "so" \\ é'}})
    await house.work("load")
    await aged(house, crawl_id)
    return crawl_id


async def test_an_archived_crawl_answers_as_it_did_before(house: House, old: UUID) -> None:
    before, result = await house.status(old), await house.result(old)

    assert await archived(house) == 1

    assert set((await left_behind(house)).values()) == {0}
    changed = {"commands": [], "archived": True, "ready_for_download": False}
    assert await house.status(old) == {**before, **changed}
    assert await house.result(old) == result
    assert [(row["state"], row["row_count"]) for row in await rows(house, old)] == [("completed", 3)]


async def test_an_archived_crawl_of_another_tenant_is_unknown(house: House, old: UUID) -> None:
    await archived(house)

    with pytest.raises(CrawlNotFound):
        await find_crawl(old, tenant="other", database=house.context.database, warehouse=house.context.history)
