"""What is erased is on no disk any more, whoever erases beside it."""

import contextlib
import gzip
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.embedded import erase as erasing
from infra.embedded.erase import erase
from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from schemas.load_source import LoadSource, WarehouseRejected
from schemas.tables import warehouse_tables

CRAWLS = [f"c{number}" for number in range(8)]
COLUMNS = {
    "tenant": "t",
    "provider": "p",
    "platform": "x",
    "competitor": "c",
    "dataset_id": "d",
    "is_error": False,
    "stored_at": "2026-01-01T00:00:00Z",
}


async def loaded(folder: Path) -> Warehouse:
    """One file with a row of every crawl, which holds its name."""
    lake = Lake(folder / "lake")
    tables: Any = warehouse_tables()
    warehouse = Warehouse(folder / "warehouse", lake, tables)
    sources = []
    for one in CRAWLS:

        async def line(secret: str = f'"secret of {one}"\n') -> AsyncIterator[bytes]:
            yield gzip.compress(secret.encode(), mtime=0)

        await lake.create(f"{one}.ndjson.gz", line())
        sources.append(LoadSource(key=one, attempt=1, object_name=f"{one}.ndjson.gz", columns=COLUMNS))
    await warehouse.load("l1", "records", sources)
    await warehouse.publish("records", dict.fromkeys(CRAWLS, 1))
    return warehouse


async def left(warehouse: Warehouse) -> list[str]:
    return [row["crawl_id"] for row in await warehouse.query("SELECT crawl_id FROM records ORDER BY crawl_id")]


def together(folder: Path) -> None:
    """Each crawl but the last is erased by a thread of its own, all at once."""
    gate = threading.Barrier(len(CRAWLS) - 1)

    def one(crawl: str) -> None:
        gate.wait(10)
        erase(folder / "warehouse", "records", "crawl_id", [crawl])

    with ThreadPoolExecutor(len(CRAWLS)) as threads:
        list(threads.map(one, CRAWLS[:-1]))


async def test_those_who_erase_at_once_bring_nothing_back(tmp_path: Path) -> None:
    warehouse = await loaded(tmp_path)

    together(tmp_path)

    assert await left(warehouse) == CRAWLS[-1:]
    assert await warehouse.load("l1", "records", []) == {**dict.fromkeys(CRAWLS[:-1], 0), CRAWLS[-1]: 1}


async def test_control_without_turns_they_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextlib.contextmanager
    def nobody(_: Path) -> Iterator[None]:
        yield

    monkeypatch.setattr(erasing, "_alone", nobody)
    warehouse = await loaded(tmp_path)

    together(tmp_path)

    assert await left(warehouse) != CRAWLS[-1:]


async def test_nothing_of_an_interrupted_erasure_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = await loaded(tmp_path)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("infra.embedded.erase.Draft.replace", full)
    with pytest.raises(OSError, match="No space"):
        erase(tmp_path / "warehouse", "records", "crawl_id", ["c1"])

    assert await left(warehouse) == CRAWLS
    assert list((tmp_path / "warehouse" / ".tmp").iterdir()) == []


async def test_a_table_without_files_has_nothing_to_erase(tmp_path: Path) -> None:
    warehouse = await loaded(tmp_path)

    assert await warehouse.erase("crawls", "crawl_id", ["c1"]) == 0
    with pytest.raises(WarehouseRejected):
        await warehouse.erase("records", "nothing", ["c1"])
