"""Look-ups by values: what a caller gives is compared, never read as SQL."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.load_source import LoadSource, WarehouseRejected

STRANGE = ["' OR '1' = '1", '" OR 1=1 --', "`", "@crawl_id", "$v0", "\\", ""]
JOB = (
    b'{"load_id":"x","job_id":"j1","attempt":7,"tenant":"t","kind":"k","queue":"q","state":"completed","priority":2,'
    b'"created_at":"2026-01-01T00:00:00Z","enqueued_at":"2026-01-01T00:00:00Z","rank_at":"2026-01-01T00:00:00+00:00",'
    b'"finished_at":"2026-01-01T00:00:01.5Z","tries":0,"claims":1,"progress":99.5,"steps_completed":"[]",'
    b'"payload":"{}","metadata":"{}","due_at":null}'
)


async def publish_two(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1", "2"]), await store("c2", ["3"], tenant="other")])
    await warehouse.publish("records", {"c1": 1, "c2": 1})


async def test_published_rows_are_found_by_their_values(warehouse: Any, store: Any) -> None:
    await publish_two(warehouse, store)

    by_crawl = await warehouse.find("records", {"crawl_id": "c1"})
    by_both = await warehouse.find("records", {"tenant": "other", "row_no": 1})
    assert sorted(row["record"] for row in by_crawl) == ["1", "2"]
    assert [(row["crawl_id"], row["record"]) for row in by_both] == [("c2", "3")]
    assert await warehouse.find("records", {"crawl_id": "c1", "tenant": "other"}) == []


async def test_rows_that_are_not_published_are_not_found(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1"])])

    assert await warehouse.find("records", {"crawl_id": "c1"}) == []


async def test_a_value_is_never_read_as_sql(warehouse: Any, store: Any) -> None:
    await publish_two(warehouse, store)
    found = [await warehouse.find("records", {"crawl_id": value}) for value in STRANGE]

    assert found == [[]] * len(STRANGE)


async def test_a_table_or_column_there_is_not_is_rejected(warehouse: Any) -> None:
    refused: list[tuple[str, dict[str, str]]] = [
        ("nowhere", {"crawl_id": "c1"}),
        ("records", {"nothing": "c1"}),
        ("records", {"crawl_id = 'c1' OR tenant": "c1"}),
        ("records", {}),
    ]
    for table, equal in refused:
        with pytest.raises(WarehouseRejected):
            await warehouse.find(table, equal)


async def test_lines_that_hold_the_fields_become_rows_of_their_table(warehouse: Any, lake: Any) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        yield gzip.compress(JOB)

    await lake.create("batch", blocks())
    await warehouse.load("l1", "job_history", [LoadSource(key="b1", attempt=1, object_name="batch")])
    await warehouse.publish("job_history", {"b1": 1})

    [row] = await warehouse.find("job_history", {"job_id": "j1"})
    assert (row["load_id"], row["attempt"], row["progress"], row["due_at"]) == ("b1", 7, 99.5, None)
    assert row["finished_at"].isoformat() == "2026-01-01T00:00:01.500000+00:00"


async def test_many_look_ups_at_once_each_get_their_own_answer(warehouse: Any, store: Any) -> None:
    await publish_two(warehouse, store)
    found = await asyncio.gather(*(warehouse.find("records", {"crawl_id": f"c{1 + n % 2}"}) for n in range(6)))

    assert [len(rows) for rows in found] == [2, 1] * 3
