"""Rows of datasets in every warehouse: any columns, found by field, gone for good."""

import json
from datetime import UTC, datetime
from typing import Any

from schemas.load_source import LoadSource
from schemas.tables import warehouse_tables

IMPORTED_AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
COLUMNS = {"tenant": "default", "source_id": "s1", "filename": "prices.csv", "imported_at": IMPORTED_AT}
ROWS = ['{"price":1.5,"day":"2024-02-29","more":{"a":[1,null]}}', '{"price":null,"day":null,"more":"é"}']


async def loaded(warehouse: Any, store: Any, *ids: str) -> None:
    """Each of these datasets with the same rows, in one load, and visible."""
    stored = [await store(one, ROWS) for one in ids]
    sources = [LoadSource(key=s.key, attempt=1, object_name=s.object_name, columns=COLUMNS) for s in stored]
    assert await warehouse.load("l1", "dataset_rows", sources) == dict.fromkeys(ids, len(ROWS))
    await warehouse.publish("dataset_rows", dict.fromkeys(ids, 1))


async def ids(warehouse: Any) -> list[str]:
    rows = await warehouse.query("SELECT DISTINCT dataset_id FROM dataset_rows ORDER BY dataset_id")
    return [row["dataset_id"] for row in rows]


async def test_rows_of_any_columns_stand_in_one_table(warehouse: Any, store: Any) -> None:
    await loaded(warehouse, store, "d1", "d2")
    rows = await warehouse.query("SELECT * FROM dataset_rows WHERE dataset_id = 'd1' ORDER BY row_no")

    assert list(rows[0]) == [column["name"] for column in warehouse_tables()["dataset_rows"]]
    assert [json.loads(row["record"]) for row in rows] == [json.loads(line) for line in ROWS]
    expected = COLUMNS | {"dataset_id": "d1", "attempt": 1, "row_no": 1, "record": ROWS[0]}
    assert rows[0] == expected


async def test_a_removed_datasets_rows_are_gone_and_never_come_back(warehouse: Any, store: Any) -> None:
    await loaded(warehouse, store, "d1", "d2")
    await warehouse.withdraw("dataset_rows", ["d1"])
    hidden = await ids(warehouse)
    erased = await warehouse.erase("dataset_rows", "dataset_id", ["d1"])
    await warehouse.publish("dataset_rows", {"d1": 1})

    assert (hidden, erased, await ids(warehouse)) == (["d2"], len(ROWS), ["d2"])
    assert await warehouse.erase("dataset_rows", "dataset_id", ["d1"]) == 0


async def test_a_load_that_comes_behind_a_withdrawal_is_never_seen(warehouse: Any, store: Any) -> None:
    await warehouse.withdraw("dataset_rows", ["d1"])
    await loaded(warehouse, store, "d1", "d2")

    assert await ids(warehouse) == ["d2"]
    assert await warehouse.erase("dataset_rows", "dataset_id", ["d1"]) == len(ROWS)
