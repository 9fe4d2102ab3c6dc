import asyncio
import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from schemas.load_source import LoadSource, WarehouseRejected
from schemas.tables import Column, warehouse_tables

ROOT = Path(__file__).parents[4]
COLUMNS = dict.fromkeys(("tenant", "provider", "platform", "competitor", "dataset_id"), "x") | {
    "is_error": False,
    "stored_at": "2026-01-02T03:04:05Z",
}

COLUMN: Column = {"name": "shard", "type": "INTEGER", "mode": "REQUIRED", "description": ""}


async def stored(lake: Lake, crawl_id: str, text: bytes, **columns: Any) -> LoadSource:
    async def blocks() -> AsyncIterator[bytes]:
        yield gzip.compress(text)

    await lake.create(crawl_id, blocks())
    return LoadSource(key=crawl_id, attempt=1, object_name=crawl_id, columns=COLUMNS | columns)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


@pytest.fixture
def warehouse(tmp_path: Path, lake: Lake) -> Warehouse:
    return Warehouse(tmp_path / "warehouse", lake, warehouse_tables())


async def test_a_judge_computes_a_column_from_each_line(tmp_path: Path, lake: Lake) -> None:
    judged = Warehouse(
        tmp_path, lake, warehouse_tables(), judges={"is_error": lambda line: "error" in json.loads(line)}
    )
    await judged.load("l1", "records", [await stored(lake, "c1", b'{"a":1}\n{"error":"dead page"}\n')])
    await judged.publish("records", {"c1": 1})

    rows = await judged.query("SELECT is_error FROM records ORDER BY row_no")
    assert [row["is_error"] for row in rows] == [False, True]


async def test_row_numbers_are_lines_of_the_object(warehouse: Warehouse, lake: Lake) -> None:
    await warehouse.load("l1", "records", [await stored(lake, "c1", b'{"a":1}\n\n{"a":"\r \xe2\x80\xa8"}')])
    await warehouse.publish("records", {"c1": 1})

    rows = await warehouse.query("SELECT row_no, record FROM records ORDER BY row_no")
    assert [(row["row_no"], row["record"]) for row in rows] == [(1, '{"a":1}'), (3, '{"a":"\r \u2028"}')]


async def test_files_older_than_a_column_stay_readable(tmp_path: Path, warehouse: Warehouse, lake: Lake) -> None:
    await warehouse.load("l1", "records", [await stored(lake, "old", b"1\n")])
    wider = Warehouse(tmp_path / "warehouse", lake, {"records": [*warehouse_tables()["records"], COLUMN]})
    await wider.publish("records", {"old": 1})
    assert [row["shard"] for row in await wider.query("SELECT * FROM records")] == [None]

    await wider.load("l2", "records", [await stored(lake, "new", b"2\n", shard=7)])
    await wider.publish("records", {"new": 1})
    assert [row["shard"] for row in await wider.query("SELECT * FROM records ORDER BY crawl_id")] == [7, None]
    assert len(await warehouse.query("SELECT * FROM records")) == 2


@pytest.fixture
async def secretive(warehouse: Warehouse, lake: Lake) -> Warehouse:
    """One file with a row that may be seen and one that may not."""
    sources = [await stored(lake, "seen", b"1\n"), await stored(lake, "hidden", b"2\n")]
    await warehouse.load("l1", "records", sources)
    await warehouse.publish("records", {"seen": 1})
    return warehouse


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM '{file}'",
        'SELECT * FROM "{file}"',
        "FROM query('SELECT * FROM read_parquet(''{file}'')')",
        "SELECT (SELECT count(*) FROM '{file}') FROM records",
        "WITH x AS (SELECT * FROM parquet_scan('{file}')) SELECT * FROM x",
        "DESCRIBE SELECT * FROM '{file}'",
        "SELECT * FROM parquet_kv_metadata('{file}')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM records; DROP VIEW records",
        "COPY records TO '{file}'",
        "COPY records TO '{file}.csv'",
        "EXPLAIN ANALYZE COPY records TO '{file}.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "ATTACH '{file}.db'",
    ],
)
async def test_sql_reaches_no_hidden_row_and_writes_no_file(secretive: Warehouse, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "warehouse" / "records" / "l1.parquet"
    before = file.read_bytes()
    with pytest.raises(WarehouseRejected):
        await secretive.query(sql.format(file=file))

    assert file.read_bytes() == before
    assert {path.name for path in file.parent.iterdir()} == {"l1.parquet", "published"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT record FROM records",
        "WITH x AS (SELECT record FROM records) SELECT * FROM x",
        "SELECT r.record FROM records r, range(1), unnest([1])",
        "FROM records SELECT record",
    ],
)
async def test_the_guard_lets_questions_through(secretive: Warehouse, sql: str) -> None:
    assert await secretive.query(sql) == [{"record": "1"}]


async def test_a_question_that_needs_too_much_memory_is_refused(warehouse: Warehouse) -> None:
    with pytest.raises(WarehouseRejected, match="Memory"):
        await warehouse.query("SELECT * FROM range(100000000) t(n) ORDER BY hash(n)")


async def test_a_cancelled_question_ends_soon(warehouse: Warehouse) -> None:
    asking = asyncio.create_task(
        warehouse.query("SELECT sum(hash(a.range, b.range)) FROM range(10000000) a, range(10000000) b")
    )
    done, _ = await asyncio.wait({asking}, timeout=0.2)
    asking.cancel()

    assert not done
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, timeout=10)


KILLED = """
import asyncio, json, sys
from pathlib import Path
from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from schemas.load_source import LoadSource
from schemas.tables import warehouse_tables

class Stuck(Lake):
    async def read(self, name):
        async for block in super().read(name):
            yield block
        print("half", flush=True)
        await asyncio.Event().wait()

folder, columns = Path(sys.argv[1]), json.loads(sys.argv[2])
warehouse = Warehouse(folder / "warehouse", Stuck(folder / "lake"), warehouse_tables())
source = LoadSource(key="c1", attempt=1, object_name="c1", columns=columns)
asyncio.run(warehouse.load("l1", "records", [source]))
"""


def kill_half_way(folder: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(folder), json.dumps(COLUMNS)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"half\n"
        child.kill()


async def test_a_loader_killed_half_way_leaves_no_rows(tmp_path: Path, warehouse: Warehouse, lake: Lake) -> None:
    source = await stored(lake, "c1", b"1\n2\n")
    kill_half_way(tmp_path)
    await warehouse.publish("records", {"c1": 1})
    assert await warehouse.query("SELECT * FROM records") == []

    assert await warehouse.sweep(-1) == 1
    assert await warehouse.load("l1", "records", [source]) == {"c1": 2}
    assert len(await warehouse.query("SELECT * FROM records")) == 2


FULL = """
import asyncio, os, random, gzip, json, sys
from pathlib import Path
from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from schemas.load_source import LoadSource, WarehouseQuota
from schemas.tables import warehouse_tables

async def blocks():
    yield gzip.compress(random.Random(1).randbytes(4 << 20).hex().encode())

async def main():
    disk, lake = Path(sys.argv[1]), Lake(Path(sys.argv[2]))
    await lake.create("c1", blocks())
    source = LoadSource(key="c1", attempt=1, object_name="c1", columns=json.loads(sys.argv[3]))
    try:
        print(await Warehouse(disk, lake, warehouse_tables()).load("l1", "records", [source]))
    except WarehouseQuota as problem:
        print(problem.code, os.listdir(disk / ".tmp"), (disk / "records" / "l1.parquet").exists())

asyncio.run(main())
"""


def outcome(*command: str) -> str:
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return run.stdout.strip()


def test_a_full_disk_is_a_quota_problem_and_leaves_nothing(tmp_path: Path) -> None:
    disk, lake = tmp_path / "disk", tmp_path / "lake"
    disk.mkdir()
    mount = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs -o size=1m tmpfs {disk} && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*mount, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a small disk here")
    load = [sys.executable, "-c", FULL, str(disk), str(lake), json.dumps(COLUMNS)]

    assert outcome(*mount, *load) == "WAREHOUSE_QUOTA [] False"
    shutil.rmtree(lake)
    assert outcome(*load) == "{'c1': 1}"
