import asyncio
import gzip
import json
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.load_source import LoadSource, WarehouseRejected
from schemas.stored_object import ObjectMissing
from schemas.tables import warehouse_tables

ROOT = Path(__file__).parents[3]
COUNT = "SELECT count(*) AS n FROM records"


async def count(warehouse: Any) -> int:
    ((rows),) = await warehouse.query(COUNT)
    return int(rows["n"])


async def records(warehouse: Any) -> list[tuple[str, int, int, str]]:
    rows = await warehouse.query("SELECT * FROM records ORDER BY crawl_id, row_no")
    return [(row["crawl_id"], row["attempt"], row["row_no"], row["record"]) for row in rows]


async def test_an_empty_warehouse_answers_with_the_right_columns(warehouse: Any) -> None:
    columns = [column["name"] for column in warehouse_tables()["records"]]

    assert await warehouse.query("SELECT * FROM records") == []
    assert await count(warehouse) == 0
    assert await warehouse.query(f"SELECT {', '.join(columns)} FROM records") == []


async def test_a_record_is_kept_as_it_was_written(warehouse: Any, store: Any) -> None:
    line = '{"b": 1.0,  "a":"é\\u00e9 \\\\n"}'
    source = await store("c1", [line, '{"x": null}'])

    assert await warehouse.load("l1", "records", [source]) == {"c1": 2}
    await warehouse.publish("records", {"c1": 1})
    first, _ = await warehouse.query("SELECT * FROM records ORDER BY row_no")
    assert list(first) == [column["name"] for column in warehouse_tables()["records"]]
    assert first["stored_at"].utcoffset() == timedelta(0)
    assert first == dict(source.columns) | {"crawl_id": "c1", "attempt": 1, "row_no": 1, "record": line}


async def test_a_moment_may_come_as_text(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["{}"], stored_at="2026-05-06T07:08:09.000001+02:00")])
    await warehouse.publish("records", {"c1": 1})

    (row,) = await warehouse.query("SELECT stored_at FROM records")
    assert row["stored_at"] == datetime(2026, 5, 6, 5, 8, 9, 1, tzinfo=UTC)


async def test_rows_are_invisible_until_they_are_published(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["{}"]), await store("c2", ["{}", "{}"])])
    assert await count(warehouse) == 0

    await warehouse.publish("records", {"c2": 1})
    assert await records(warehouse) == [("c2", 1, 1, "{}"), ("c2", 1, 2, "{}")]


async def test_the_newest_published_attempt_replaces_the_one_before(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1", "2", "3"]), await store("c2", ["9"])])
    await warehouse.publish("records", {"c1": 1, "c2": 1})
    await warehouse.load("l2", "records", [await store("c1", ["4"], attempt=2)])
    assert await count(warehouse) == 4

    await warehouse.publish("records", {"c1": 2})
    assert await records(warehouse) == [("c1", 2, 1, "4"), ("c2", 1, 1, "9")]


async def test_a_late_publication_of_an_older_attempt_changes_nothing(warehouse: Any, store: Any) -> None:
    sources = [await store("c1", ["old"], attempt=1)]
    await warehouse.load("l1", "records", sources)
    await warehouse.load("l2", "records", [await store("c1", ["new"], attempt=2)])
    await warehouse.publish("records", {"c1": 2})
    await warehouse.publish("records", {"c1": 1})

    assert await records(warehouse) == [("c1", 2, 1, "new")]


async def test_a_redelivered_load_counts_once(warehouse: Any, store: Any) -> None:
    source = await store("c1", ["1", "2"])
    loads = [await warehouse.load("l1", "records", [source]) for _ in range(2)]
    for _ in range(2):
        await warehouse.publish("records", {"c1": 1})

    assert loads == [{"c1": 2}, {"c1": 2}]
    assert await count(warehouse) == 2


async def test_a_repeated_load_under_another_id_counts_once(warehouse: Any, store: Any) -> None:
    source = await store("c1", ["1", "2"])
    for load_id in ("l1", "l1_r1"):
        assert await warehouse.load(load_id, "records", [source]) == {"c1": 2}
    await warehouse.publish("records", {"c1": 1})

    assert await count(warehouse) == 2


async def test_of_two_concurrent_loads_the_first_stands(adapter: Any, store: Any) -> None:
    small, big = await store("c1", ["1"]), await store("c2", ["1", "2"])
    (one, _), (two, _) = adapter.open(), adapter.open()
    first, second = await asyncio.gather(one.load("l1", "records", [small]), two.load("l1", "records", [big]))
    await one.publish("records", {"c1": 1, "c2": 1})

    assert first == second
    assert await count(two) == sum(first.values())


async def test_withdrawn_crawls_stay_hidden_whatever_is_published(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1"]), await store("c2", ["2"])])
    await warehouse.publish("records", {"c1": 1, "c2": 1})
    await warehouse.withdraw("records", ["c1"])
    await warehouse.load("l2", "records", [await store("c1", ["3"], attempt=2)])
    await warehouse.publish("records", {"c1": 2})

    assert await records(warehouse) == [("c2", 1, 1, "2")]


async def test_erased_rows_are_gone_of_every_attempt_and_others_stay(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1", "1b"]), await store("c2", ["2"])])
    await warehouse.load("l2", "records", [await store("c1", ["3"], attempt=2)])
    await warehouse.publish("records", {"c1": 1, "c2": 1})

    assert await warehouse.erase("records", "crawl_id", ["c1"]) == 3
    assert await warehouse.erase("records", "crawl_id", ["c1"]) == 0

    await warehouse.publish("records", {"c1": 2})
    assert await records(warehouse) == [("c2", 1, 1, "2")]


async def test_publishing_an_attempt_without_rows_takes_the_old_rows_away(warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1"])])
    await warehouse.publish("records", {"c1": 1})
    await warehouse.publish("records", {"c1": 2})

    assert await count(warehouse) == 0


async def test_other_processes_see_what_was_published(adapter: Any, warehouse: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1", "2"])])
    await warehouse.publish("records", {"c1": 1})
    code = f"{adapter.code}\nimport asyncio, json\nprint(json.dumps(asyncio.run(warehouse.query({COUNT!r}))))"
    start = asyncio.create_subprocess_exec
    readers = [await start(sys.executable, "-c", code, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(2)]
    answers = [json.loads((await reader.communicate())[0]) for reader in readers]

    assert answers == [[{"n": 2}], [{"n": 2}]]


async def test_a_reader_sees_all_of_a_publication_or_nothing(adapter: Any, warehouse: Any, store: Any) -> None:
    crawls = [f"c{n}" for n in range(200)]
    one = await store("one", ["{}"])
    for attempt in (1, 2):
        await warehouse.load(f"l{attempt}", "records", [replace(one, key=c, attempt=attempt) for c in crawls])
    reader, _ = adapter.open()
    seen = set()

    async def write() -> None:
        for attempt in (1, 2):
            await warehouse.publish("records", dict.fromkeys(crawls, attempt))

    writing = asyncio.create_task(write())
    while not writing.done():
        seen |= set(Counter(row["attempt"] for row in await reader.query("SELECT attempt FROM records")).items())
    await writing

    assert seen <= {(1, 200), (2, 200)}
    assert await count(reader) == 200


async def put(lake: Any, name: str, content: bytes) -> LoadSource:
    async def blocks() -> AsyncIterator[bytes]:
        yield content

    await lake.create(name, blocks())
    return LoadSource(key="bad", attempt=1, object_name=name, columns={})


WHOLE = gzip.compress(b'{"a":1}\n' * 1000)


@pytest.mark.parametrize(
    "content",
    [WHOLE[:-9], WHOLE[:-1], WHOLE + b"tail", b"not gzip", WHOLE[:-5] + b"x" + WHOLE[-4:], gzip.compress(b"\xff\n")],
    ids=["cut", "trailer cut", "garbage after", "not gzip", "wrong sum", "not UTF-8"],
)
async def test_a_damaged_object_is_rejected_and_stores_nothing(
    warehouse: Any, lake: Any, store: Any, content: bytes
) -> None:
    good = await store("good", ["1"])
    damaged = await put(lake, "damaged", content)
    damaged = LoadSource(key="bad", attempt=1, object_name=damaged.object_name, columns=good.columns)
    with pytest.raises(WarehouseRejected, match="bad"):
        await warehouse.load("l1", "records", [good, damaged])
    await warehouse.publish("records", {"good": 1, "bad": 1})

    assert await count(warehouse) == 0
    assert await warehouse.load("l1", "records", [good]) == {"good": 1}
    assert await count(warehouse) == 1


async def test_a_missing_object_stores_nothing(warehouse: Any, store: Any) -> None:
    good = await store("good", ["1"])
    gone = LoadSource(key="gone", attempt=1, object_name="gone", columns=good.columns)
    with pytest.raises(ObjectMissing):
        await warehouse.load("l1", "records", [good, gone])

    assert await warehouse.load("l1", "records", [good]) == {"good": 1}


async def test_a_missing_column_is_rejected(warehouse: Any, store: Any) -> None:
    with pytest.raises(WarehouseRejected, match="tenant"):
        await warehouse.load("l1", "records", [await store("c1", ["1"], tenant=None)])


async def test_a_crawl_comes_once_in_a_load(warehouse: Any, store: Any) -> None:
    source = await store("c1", ["1"])
    with pytest.raises(WarehouseRejected, match="twice"):
        await warehouse.load("l1", "records", [source, source])


async def test_an_unknown_table_is_rejected(warehouse: Any) -> None:
    for refused in (warehouse.load("l1", "x", []), warehouse.publish("x", {"c": 1}), warehouse.withdraw("x", ["c"])):
        with pytest.raises(WarehouseRejected):
            await refused


@pytest.mark.parametrize("load_id", ["", "../l1", "a/b", "a.b", "x" * 201])
async def test_a_load_id_that_is_no_id_is_rejected(warehouse: Any, load_id: str) -> None:
    with pytest.raises(WarehouseRejected):
        await warehouse.load(load_id, "records", [])


@pytest.mark.parametrize(
    "sql", ["SELEC 1", "SELECT nothing FROM records", "SELECT * FROM nowhere", "", "DELETE FROM records"]
)
async def test_sql_that_is_wrong_or_no_query_is_rejected(warehouse: Any, sql: str) -> None:
    with pytest.raises(WarehouseRejected):
        await warehouse.query(sql)
