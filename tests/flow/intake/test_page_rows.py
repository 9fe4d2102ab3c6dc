"""A page of rows costs what a page costs, wherever it lies."""

import gzip
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.runtime.http.page_token import write_page_token
from services.intake.datasets.page_rows import page_rows
from tests.flow.intake.importing import Desk, importing
from tests.flow.intake.test_datasets import paged

MANY = 300_000
PAGE = 200
AWKWARD = [
    {"day": "2024-02-29", "at": "2024-02-29 12:00:00.000001+02:00", "big": 2**62, "half": 0.1, "none": None},
    {"day": None, "at": None, "big": -1, "half": 1e300, "none": None},
]
NESTED = [{"id": str(n), "more": {"a": [n, None, {"b": "\u2028\u00e9\n"}]}, "text": "x" * 997} for n in range(2_000)]


def lines(rows: list[Any]) -> io.BytesIO:
    return io.BytesIO("".join(f"{json.dumps(row)}\n" for row in rows).encode())


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


class Metered:
    """The real lake; how many bytes were read of it."""

    def __init__(self, lake: Any) -> None:
        self.whole = lake
        self.taken = 0

    async def read(self, name: str, *, start: int = 0, size: int | None = None) -> AsyncGenerator[bytes, None]:
        async for block in self.whole.read(name, start=start, size=size):
            self.taken += len(block)
            yield block

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)


async def page(desk: Desk, dataset_id: str, start: int, size: int = PAGE) -> tuple[list[Any], int]:
    """The rows from one on, and how many bytes were read for them."""
    lake, database = Metered(desk.runtime.lake), desk.runtime.database
    token = write_page_token((start,), asked=["rows", "default", dataset_id], seal=database.seal)
    found = await page_rows(
        UUID(dataset_id), tenant="default", page_size=size, page_token=token, lake=lake, database=database
    )
    return found["items"], lake.taken


async def forget_blocks(desk: Desk) -> None:
    """As if it had been imported before blocks were remembered."""
    await desk.runtime.database.pool.execute("DELETE FROM dataset_blocks")


async def test_the_last_page_of_many_rows_costs_no_more_than_the_first(desk: Desk) -> None:
    table = io.BytesIO(b"n,text\n" + b"".join(b"%d,row %d\n" % (n, n) for n in range(MANY)))
    made = await desk.dataset(table, "rows.csv")
    first, first_bytes = await page(desk, made["id"], 0)
    last, last_bytes = await page(desk, made["id"], MANY - PAGE)

    assert [row["n"] for row in first] == list(range(PAGE))
    assert [row["n"] for row in last] == list(range(MANY - PAGE, MANY))
    assert 0 < last_bytes <= 3 * first_bytes


async def test_control_without_blocks_the_last_page_costs_them_all(desk: Desk) -> None:
    made = await desk.dataset(lines(NESTED), "rows.ndjson")
    _, with_blocks = await page(desk, made["id"], len(NESTED) - 10, 10)
    await forget_blocks(desk)
    _, without = await page(desk, made["id"], len(NESTED) - 10, 10)
    stored = await desk.runtime.lake.stat(f"datasets/default/{made['id']}/records.ndjson.gz")

    assert stored is not None
    assert (without, with_blocks < without / 3) == (stored.size_bytes, True)


@pytest.mark.parametrize("size", [1, 7, 133, 200])
async def test_pages_across_blocks_leave_nothing_out(desk: Desk, size: int) -> None:
    made = await desk.dataset(lines(NESTED), "rows.ndjson")
    starts = range(0, len(NESTED), 200)
    found = [(await page(desk, made["id"], start, size))[0] for start in starts]

    assert found == [NESTED[start : start + size] for start in starts]
    assert await paged(desk, f"/api/v1/datasets/{made['id']}/rows", page_size=200) == NESTED


@pytest.mark.parametrize("rows", [AWKWARD, NESTED[:500]], ids=["awkward", "nested"])
async def test_rows_are_the_same_with_and_without_blocks(desk: Desk, rows: list[Any]) -> None:
    made = await desk.dataset(lines(rows), "rows.ndjson")
    with_blocks = await page(desk, made["id"], 0)
    await forget_blocks(desk)

    assert (await page(desk, made["id"], 0))[0] == with_blocks[0]
    exported, _ = await desk.fetch(f"/api/v1/datasets/{made['id']}/export", format="ndjson")
    assert [json.loads(line) for line in exported.splitlines()][:PAGE] == with_blocks[0]


async def test_beyond_the_last_row_there_is_nothing(desk: Desk) -> None:
    made = await desk.dataset(b"a\n1\n2\n", "rows.csv")

    assert (await page(desk, made["id"], 2))[0] == []
    assert (await page(desk, made["id"], 1))[0] == [{"a": 2}]


async def test_the_stored_object_is_one_gzip_file(desk: Desk) -> None:
    made = await desk.dataset(lines(NESTED), "rows.ndjson")
    blocks = desk.runtime.lake.read(f"datasets/default/{made['id']}/records.ndjson.gz")
    stored = b"".join([block async for block in blocks])

    assert [json.loads(line) for line in gzip.decompress(stored).split(b"\n")[:-1]] == NESTED
    count = await desk.runtime.database.pool.fetchval("SELECT count(*) FROM dataset_blocks")
    assert count > 3
    assert await desk.delete(f"/api/v1/datasets/{made['id']}") == 204
    assert await desk.runtime.database.pool.fetchval("SELECT count(*) FROM dataset_blocks") == 0
