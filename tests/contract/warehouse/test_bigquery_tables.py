"""What the adapter makes in a dataset, and how it grows."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from infra.gcp.bigquery import BigQueryWarehouse, connection, ledger
from schemas.load_source import WarehouseMissing, WarehouseRejected, WarehouseUnavailable
from schemas.tables import Column, warehouse_layout, warehouse_tables

ROOT = Path(__file__).parents[3]
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


def opened(adapter: Any, lake: Any, emulator: str, **more: Any) -> BigQueryWarehouse:
    tables: Any = more.pop("tables", warehouse_tables())
    return BigQueryWarehouse("local", adapter.place, lake, tables, emulator=emulator, **more)


async def test_every_table_is_partitioned_clustered_and_labelled(
    adapter: Any, warehouse: Any, client: bigquery.Client
) -> None:
    for table in warehouse_tables():
        await warehouse.publish(table, {"nobody": 1})

    for table, layout in warehouse_layout().items():
        rows = client.get_table(f"local.{adapter.place}.{table}_rows")
        assert (rows.time_partitioning.type_, rows.time_partitioning.field) == ("DAY", layout["partition"])
        assert rows.clustering_fields == layout["clustering"]
        assert rows.labels == {"app": "headrace"}
        made = [(field.name, field.field_type, field.mode) for field in rows.schema]
        assert made[:-1] == [(column["name"], column["type"], column["mode"]) for column in warehouse_tables()[table]]
        assert client.get_table(f"local.{adapter.place}.{table}").table_type == "VIEW"


async def test_what_stands_is_used_as_it_is(adapter: Any, warehouse: Any, store: Any, client: bigquery.Client) -> None:
    parts = [f"local.{adapter.place}.records{part}" for part in ("_rows", "_ledger", "")]
    await warehouse.publish("records", {"c1": 1})
    before = [client.get_table(part).etag for part in parts]
    other, _ = adapter.open()
    await other.publish("records", {"c1": 1})

    assert [client.get_table(part).etag for part in parts] == before


async def test_a_new_column_is_added_and_older_processes_go_on(
    adapter: Any, warehouse: Any, lake: Any, store: Any, bigquery_emulator: str
) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1"])])
    tables = {"records": [*warehouse_tables()["records"], SHARD]}
    wider = opened(adapter, lake, bigquery_emulator, tables=tables)
    await wider.load("l2", "records", [await store("c2", ["2"], shard=7)])
    older, _ = adapter.open()
    await older.load("l3", "records", [await store("c3", ["3"])])
    await older.publish("records", {"c1": 1, "c2": 1, "c3": 1})

    rows = await wider.query("SELECT record, shard FROM records ORDER BY record")
    assert [tuple(row.values()) for row in rows] == [("1", None), ("2", 7), ("3", None)]


async def test_judges_compute_columns_from_each_line(
    adapter: Any, lake: Any, store: Any, bigquery_emulator: str
) -> None:
    judges = {"is_error": lambda line: "error" in json.loads(line)}
    judged = opened(adapter, lake, bigquery_emulator, judges=judges)
    await judged.load("l1", "records", [await store("c1", ['{"a":1}', '{"error":"dead page"}'])])
    await judged.publish("records", {"c1": 1})

    rows = await judged.query("SELECT is_error FROM records ORDER BY row_no")
    assert [row["is_error"] for row in rows] == [False, True]


async def test_a_table_made_anew_is_loaded_anew(
    adapter: Any, warehouse: Any, store: Any, client: bigquery.Client
) -> None:
    source = await store("c1", ["1"])
    await warehouse.load("l1", "records", [source])
    for part in ("", "_rows", "_ledger"):
        client.delete_table(f"local.{adapter.place}.records{part}")
    other, _ = adapter.open()
    await other.sweep(-1)

    assert await other.load("l1", "records", [source]) == {"c1": 1}
    await other.publish("records", {"c1": 1})
    assert len(await other.query("SELECT * FROM records")) == 1


async def test_nobody_who_answers_is_told_in_time(
    adapter: Any, lake: Any, monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int
) -> None:
    monkeypatch.setattr(connection, "CALL_SECONDS", 0.3)
    nobody = opened(adapter, lake, f"http://127.0.0.1:{unused_tcp_port}")
    for asked in (nobody.query("SELECT 1"), nobody.publish("records", {"c": 1})):
        with pytest.raises(WarehouseUnavailable, match="did not answer"):
            await asked


async def test_an_answer_too_long_to_hold_is_refused(
    warehouse: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1", "2"])])
    await warehouse.publish("records", {"c1": 1})
    monkeypatch.setattr(connection, "MOST_ROWS", 1)

    assert len(await warehouse.query("SELECT record FROM records LIMIT 1")) == 1
    with pytest.raises(WarehouseRejected, match="2 rows"):
        await warehouse.query("SELECT record FROM records")


async def test_a_cancelled_load_leaves_nothing_and_can_be_repeated(
    warehouse: Any, lake: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, reading = await store("c1", ["1"]), asyncio.Event()

    read = type(lake).read

    async def stuck(self: Any, name: str) -> AsyncIterator[bytes]:
        async for block in read(self, name):
            if name == source.object_name:
                reading.set()
                await asyncio.Event().wait()
            yield block

    await warehouse.publish("records", {"c1": 1})
    with monkeypatch.context() as slow:
        slow.setattr(type(lake), "read", stuck)
        loading = asyncio.create_task(warehouse.load("l1", "records", [source]))
        await asyncio.wait_for(reading.wait(), 30)
        loading.cancel()
        await asyncio.wait({loading})

    assert loading.cancelled()
    assert [name async for name in lake.list("warehouse/")] == []
    assert await warehouse.load("l1", "records", [source]) == {"c1": 1}


@pytest.mark.parametrize("name", ["", "a-b", "a.b", "a`b", "x" * 501])
def test_a_dataset_that_cannot_be_is_refused(lake: Any, name: str) -> None:
    with pytest.raises(WarehouseMissing):
        BigQueryWarehouse("local", name, lake, {})


async def test_a_view_that_shows_all_rows_fails_the_suite(
    suite: ModuleType, warehouse: Any, store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(at: ledger.Names, columns: list[str]) -> str:
        return f"SELECT {', '.join(columns)} FROM `{at.rows}`"

    monkeypatch.setattr(ledger, "view", careless)
    with pytest.raises(AssertionError):
        await suite.test_rows_are_invisible_until_they_are_published(warehouse, store)


def test_opening_a_warehouse_does_not_load_googles_client() -> None:
    code = (
        "import sys; from infra.gcp.bigquery import BigQueryWarehouse as W; W('local', 'd', None, {});"
        "print([name for name in ('google.cloud.bigquery', 'google.api_core', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
