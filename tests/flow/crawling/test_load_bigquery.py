"""The crawl's way into BigQuery: stored in Cloud Storage, loaded by one job, visible once proven."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from infra.gcp.bigquery import BigQueryWarehouse
from infra.gcp.storage import StorageLake
from schemas.tables import warehouse_tables
from services.crawling.load_warehouse import load_warehouse
from services.crawling.result.record import decode_record, is_error
from tests.flow.crawling.commands import download
from tests.flow.crawling.loads import Recorded, load_jobs
from tests.flow.crawling.rig import House, Killed


@pytest.fixture
def dataset(house: House, storage_emulator: str, bigquery_emulator: str) -> str:
    """The house with Google's lake and warehouse; the name of its dataset."""
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
    house.replace(lake=lake, warehouse=warehouse)
    return name


@pytest.fixture
def client(bigquery_emulator: str) -> Iterator[bigquery.Client]:
    options = {"api_endpoint": bigquery_emulator}
    found = bigquery.Client("local", AnonymousCredentials(), client_options=options)  # type: ignore[no-untyped-call]
    yield found
    found.close()  # type: ignore[no-untyped-call]


def jobs(client: bigquery.Client, dataset: str) -> int:
    return sum(job.job_id.startswith(f"load-{dataset}-") for job in client.list_jobs())


async def test_many_stored_crawls_are_loaded_by_one_job(house: House, dataset: str, client: bigquery.Client) -> None:
    crawls = [await house.trigger(f"ready_after:0,records:{n},errors:1") for n in range(1, 5)]
    await house.work("submit")
    await house.poll()
    await house.work("store")
    await house.work("load")

    assert [await house.visible(crawl_id) for crawl_id in crawls] == [[(1, n + 1)] for n in range(1, 5)]
    assert jobs(client, dataset) == 1
    status = await house.status(crawls[0])
    assert status["result"]["warehouse"] == "loaded"
    assert status["result"]["gcs_path"].startswith(f"gs://warehouse-flow/{dataset}/crawls/")
    failed = await house.context.warehouse.query("SELECT crawl_id FROM records WHERE is_error")
    assert sorted(row["crawl_id"] for row in failed) == sorted(map(str, crawls))


async def test_another_attempt_takes_the_place_of_the_first(house: House, dataset: str) -> None:
    crawl_id = await house.submitted("ready_after:0,records:2")
    await house.finish(crawl_id)
    before = await house.visible(crawl_id)
    await download(house, crawl_id)
    await house.finish(crawl_id)
    await house.work("load")

    assert (before, await house.visible(crawl_id)) == ([(1, 2)], [(2, 2)])


async def test_a_loader_that_dies_before_it_publishes_is_taken_up_without_another_job(
    house: House, dataset: str, client: bigquery.Client
) -> None:
    crawl_id = await house.stored("ready_after:0,records:2")
    context = house.context

    class Dying(Recorded):
        async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
            raise Killed

    with pytest.raises(Killed):
        await load_warehouse(
            await load_jobs(house), database=context.database, warehouse=Dying(house.context.warehouse)
        )
    hidden = await house.visible(crawl_id)
    await house.end_leases()
    await house.work("load")

    assert (hidden, await house.visible(crawl_id)) == ([], [(1, 2)])
    assert jobs(client, dataset) == 1
    assert len(await house.events(crawl_id, "data.warehouse.loaded")) == 1
