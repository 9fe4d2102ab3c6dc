"""What is erased is gone everywhere and for good, and a tombstone says so."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow.parquet as pq
import pytest

from services.crawling.clean_up import clean_up
from services.crawling.erase_crawl import erase_crawl
from services.crawling.erasing.erased import CrawlErased
from services.crawling.erasing.order_erasure import order_erasure
from services.crawling.erasing.sweep_erased import sweep_erased
from services.crawling.phase import CrawlNotFound, IllegalCommand
from services.jobs.progress import Reporter
from tests.flow.crawling.archives import aged, archived, jobs_archived
from tests.flow.crawling.commands import cancel, download, retry
from tests.flow.crawling.lakes import Fragile, ready, store_and_die
from tests.flow.crawling.rig import TENANT, House, Killed
from tests.flow.crawling.spending import purchases

SIM = "ready_after:0,records:3"


async def order(house: House, crawl_id: UUID, *, tenant: str = TENANT) -> dict[str, Any]:
    return await order_erasure(crawl_id, tenant=tenant, asked_by="an operator", room=100, **house.places)


async def erase(house: House, crawl_id: UUID) -> None:
    await order(house, crawl_id)
    await house.work("erase")


async def objects(house: House, crawl_id: UUID) -> list[str]:
    return [name async for name in house.context.lake.list(f"crawls/{TENANT}/{crawl_id}/")]


def held(house: House, crawl_id: UUID) -> int:
    """Rows about a crawl in the warehouse's files, visible or not."""
    found = 0
    for path in Path(house.runtime.settings.data_dir).rglob("*.parquet"):
        names = pq.read_schema(path).names
        column = pq.read_table(path, columns=["crawl_id" if "crawl_id" in names else "job_id"]).column(0)
        found += column.to_pylist().count(str(crawl_id))
    return found


async def rows_about(house: House, crawl_id: UUID) -> dict[str, int]:
    """Rows of every table that has a crawl's id, without the tombstone, what was bought, and what was told."""
    tables = await house.rows(
        "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
        " AND column_name IN ('crawl_id', 'id') AND data_type = 'uuid'"
    )
    kept = {"erasures", "purchases", "jobs", "stores", "events", "idempotency_keys"}
    found = {}
    for row in tables:
        if row["t"] not in kept:
            sql = f'SELECT count(*) AS n FROM "{row["t"]}" WHERE "{row["c"]}" = $1'
            found[row["t"]] = (await house.rows(sql, crawl_id))[0]["n"]
    return {table: count for table, count in found.items() if count}


async def test_an_erased_crawl_is_gone_everywhere_in_all_attempts(house: House) -> None:
    other = await house.submitted(SIM)
    crawl_id = await house.submitted(SIM, order={"metadata": {"about": "a person"}})
    await house.finish(crawl_id)
    await download(house, crawl_id)
    await house.finish(crawl_id)
    await house.finish(other)
    assert {name.split("/")[3] for name in await objects(house, crawl_id)} == {"1", "2"}
    assert held(house, crawl_id) == 6

    await erase(house, crawl_id)

    assert await objects(house, crawl_id) == []
    assert await house.visible(crawl_id) == []
    assert await rows_about(house, crawl_id) == {}
    job = await house.job(crawl_id)
    assert (job["payload"], job["metadata"], job["result"]) == ({}, {}, None)
    assert held(house, crawl_id) == 0
    with pytest.raises(CrawlErased) as told:
        await house.status(crawl_id)
    assert told.value.extra["erased_by"] == "an operator"
    assert told.value.extra["counts"] == {"objects": 4, "media": 0, "warehouse_rows": 6, "database_rows": 6}
    (event,) = await house.events(crawl_id, "crawl.data_erased")
    assert (event["data"]["objects"], event["data"]["rows"], event["data"]["attempt"]) == (4, 6, 2)
    assert await house.visible(other) == [(1, 3)]
    assert len(await purchases(house)) == 2


async def test_an_archived_crawl_is_erased_where_it_is(house: House) -> None:
    crawl_id = await house.stored(SIM)
    await house.work("load")
    await aged(house, crawl_id)
    await archived(house)
    await order(house, crawl_id)
    await house.work("erase")
    assert await objects(house, crawl_id)  # its job is still on its way into the archive

    await jobs_archived(house)
    assert held(house, crawl_id) == 5
    await house.hurry()
    await house.work("erase")

    assert await objects(house, crawl_id) == []
    assert held(house, crawl_id) == 0
    with pytest.raises(CrawlErased):
        await house.status(crawl_id)


async def test_it_can_be_ordered_again_and_is_told_once(house: House) -> None:
    crawl_id = await house.stored(SIM)
    await house.work("load")
    first, second = await order(house, crawl_id), await order(house, crawl_id)
    await house.work("erase")
    third = await order(house, crawl_id)
    await house.work("erase")

    assert first["job_id"] == second["job_id"] == third["job_id"]
    assert (first["status"], third["status"]) == ("queued", "erased")
    assert len(await house.events(crawl_id, "crawl.data_erased")) == 1


@pytest.mark.parametrize("command", [download, retry])
async def test_nothing_revives_a_crawl_once_its_erasure_is_ordered(house: House, command: Any) -> None:
    crawl_id = await house.stored(SIM)
    await house.work("load")
    await order(house, crawl_id)
    assert (await house.status(crawl_id))["commands"] == []

    with pytest.raises(CrawlErased):
        await command(house, crawl_id)
    await house.work("erase")
    with pytest.raises(CrawlNotFound):
        await command(house, crawl_id)


async def test_a_crawl_under_way_is_cancelled_first(house: House) -> None:
    crawl_id = await house.submitted("ready_after:100")

    with pytest.raises(IllegalCommand, match="cancel"):
        await order(house, crawl_id)
    await cancel(house, crawl_id)
    await erase(house, crawl_id)

    assert await rows_about(house, crawl_id) == {}


async def test_another_tenants_crawl_is_not_there(house: House) -> None:
    crawl_id = await house.stored(SIM)

    for tenant, asked in (("other", crawl_id), (TENANT, uuid4())):
        with pytest.raises(CrawlNotFound):
            await order(house, asked, tenant=tenant)
    await house.work("load")
    await erase(house, crawl_id)
    with pytest.raises(CrawlNotFound):
        await order(house, crawl_id, tenant="other")


async def test_rows_on_their_way_are_waited_for(house: House) -> None:
    crawl_id = await house.stored(SIM)  # its load is queued

    await erase(house, crawl_id)
    assert await objects(house, crawl_id)
    assert (await house.rows("SELECT state FROM jobs WHERE kind = 'erase'"))[0]["state"] == "scheduled"

    await house.work("load")
    await house.hurry()
    await house.work("erase")
    assert await objects(house, crawl_id) == []
    assert await house.visible(crawl_id) == []


async def _run(house: House, job: Any, **parts: Any) -> None:
    context = house.context
    ours = {"database": context.database, "lake": context.lake, "warehouse": context.warehouse, **parts}
    await erase_crawl(job, reporter=Reporter(context.database), **ours)


@pytest.mark.parametrize("point", ["before delete manifest.json", "after delete records.ndjson.gz"])
async def test_an_erasure_that_dies_is_finished_by_the_next(house: House, point: str) -> None:
    crawl_id = await house.stored(SIM)
    await house.work("load")
    ordered = await order(house, crawl_id)
    job = await house.take(UUID(ordered["job_id"]))
    with pytest.raises(Killed):
        await _run(house, job, lake=Fragile(house.context.lake, point))
    await house.end_leases()

    await house.hurry()
    await house.work("erase")

    assert await objects(house, crawl_id) == []
    assert await rows_about(house, crawl_id) == {}
    assert len(await house.events(crawl_id, "crawl.data_erased")) == 1


async def test_what_a_lost_worker_stored_behind_the_erasure_goes_too(house: House) -> None:
    crawl_id = await ready(house, SIM)
    await store_and_die(house, crawl_id, "after create parts/00001.ndjson.gz")
    await cancel(house, crawl_id)
    await erase(house, crawl_id)

    async def late() -> AsyncIterator[bytes]:
        yield b"late"

    await house.context.lake.create(f"crawls/{TENANT}/{crawl_id}/1/records.ndjson.gz", late())
    places: dict[str, Any] = {name: getattr(house.context, name) for name in ("database", "lake", "warehouse")}
    assert await sweep_erased(settled_seconds=3600, **places) == 0
    assert await objects(house, crawl_id)

    await house.sql("UPDATE erasures SET erased_at = now() - interval '2 days'")
    await clean_up(**places)

    assert await objects(house, crawl_id) == []
    assert await sweep_erased(settled_seconds=0, **places) == 0
