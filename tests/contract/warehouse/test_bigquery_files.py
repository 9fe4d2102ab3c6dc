"""What BigQuery is given to load: the service compares a file's columns with the table's, emulators do not."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow.parquet as pq
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from pyarrow import BufferReader

from infra.gcp.bigquery import BigQueryWarehouse
from infra.gcp.bigquery.staging import Staging
from schemas.tables import Column, warehouse_tables

Modes = Callable[[], dict[str, str]]

SHARD: Column = {"name": "shard", "type": "INTEGER", "mode": "REQUIRED", "description": "Which one."}


@pytest.fixture
def adapter(bigquery_adapter: Any) -> Any:
    return bigquery_adapter


@pytest.fixture
def client(bigquery_emulator: str) -> Iterator[bigquery.Client]:
    options = {"api_endpoint": bigquery_emulator}
    found = bigquery.Client("local", AnonymousCredentials(), client_options=options)  # type: ignore[no-untyped-call]
    yield found
    found.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def wider(adapter: Any, lake: Any, bigquery_emulator: str, monkeypatch: pytest.MonkeyPatch) -> BigQueryWarehouse:
    """One whose table has a column more, and that leaves its files in the lake."""

    async def kept(*_: object) -> None: ...

    monkeypatch.setattr(Staging, "loaded", kept)
    tables: Any = {"records": [*warehouse_tables()["records"], SHARD]}
    return BigQueryWarehouse("local", adapter.place, lake, tables, emulator=bigquery_emulator)


@pytest.fixture
def asked(adapter: Any, client: bigquery.Client) -> Modes:
    """The columns that the one load job was told of, with their modes."""

    def found() -> dict[str, str]:
        [job] = [job for job in client.list_jobs() if job.job_id.startswith(f"load-{adapter.place}-")]
        told: Any = client.get_job(job.job_id)
        return {field.name: field.mode for field in told.schema}

    return found


@pytest.fixture
def in_table(adapter: Any, client: bigquery.Client) -> Modes:
    """The columns of the table, with their modes."""
    return lambda: {field.name: field.mode for field in client.get_table(f"local.{adapter.place}.records_rows").schema}


async def in_file(lake: Any) -> Mapping[str, bool]:
    """Which columns of the one staged file may be null."""
    [name] = [name async for name in lake.list("warehouse/") if name.endswith(".parquet")]
    content = b"".join([block async for block in lake.read(name)])
    return {field.name: field.nullable for field in pq.read_schema(BufferReader(content))}


async def test_a_file_and_its_job_say_of_each_column_what_the_table_says(
    wider: BigQueryWarehouse, lake: Any, store: Any, asked: Modes, in_table: Modes
) -> None:
    await wider.load("l1", "records", [await store("c1", ["1"], shard=7)])

    assert set(in_table().values()) == {"REQUIRED"}
    assert await in_file(lake) == {name: mode == "NULLABLE" for name, mode in in_table().items()}
    assert asked() == in_table()


async def test_a_column_that_was_added_later_is_nullable_in_the_file_too(
    warehouse: Any, wider: BigQueryWarehouse, lake: Any, store: Any, asked: Modes
) -> None:
    await warehouse.publish("records", {"nobody": 1})
    await wider.load("l1", "records", [await store("c1", ["1"], shard=7)])

    assert [name for name, nullable in (await in_file(lake)).items() if nullable] == ["shard"]
    assert [name for name, mode in asked().items() if mode == "NULLABLE"] == ["shard"]
