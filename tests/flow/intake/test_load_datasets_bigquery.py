"""A dataset's way into BigQuery: its rows in Cloud Storage, loaded by one job, gone with their dataset."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.flow.intake.importing import Desk, importing


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path, storage_emulator: str, bigquery_emulator: str) -> AsyncIterator[Desk]:
    name = f"test_{uuid4().hex}"
    settings = {
        "storage_emulator_host": storage_emulator,
        "bigquery_emulator_host": bigquery_emulator,
        "lake_url": f"gs://intake-flow/{name}",
        "warehouse_url": f"bq://local.{name}",
        "google_cloud_project": "local",
    }
    async with importing(database_dsn, tmp_path, **settings) as made:
        yield made


async def test_rows_of_datasets_are_loaded_into_bigquery_and_erased_there(desk: Desk) -> None:
    one, other = await desk.dataset(b"a,day\n5,2024-02-29\n", "a.csv"), await desk.dataset(b'{"n": 1}\n', "b.ndjson")
    await desk.load()
    ask = desk.runtime.warehouse({}).query
    rows = await ask("SELECT dataset_id, record FROM dataset_rows")

    assert {row["dataset_id"]: json.loads(row["record"]) for row in rows} == {
        one["id"]: {"a": 5, "day": "2024-02-29"},
        other["id"]: {"n": 1},
    }
    assert (await desk.get(f"/api/v1/datasets/{one['id']}"))[1]["warehouse"] == "loaded"
    assert (await desk.get(f"/api/v1/datasets/{one['id']}/rows"))[1]["items"] == [{"a": 5, "day": "2024-02-29"}]
    assert await desk.delete(f"/api/v1/datasets/{one['id']}") == 204
    await desk.erase()
    assert [row["dataset_id"] for row in await ask("SELECT dataset_id FROM dataset_rows")] == [other["id"]]
    assert [name async for name in desk.runtime.lake.list(f"datasets/default/{one['id']}")] == []
