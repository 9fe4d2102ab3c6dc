"""What a load costs of BigQuery's jobs, and what is left when its process dies."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from schemas.load_source import LoadSource, WarehouseRejected

ROOT = Path(__file__).parents[3]

DEATH = """
import asyncio, os, signal
from schemas.load_source import LoadSource

async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

type(warehouse).{step} = die
asyncio.run(warehouse.load("l1", "records", [{source!r}]))
"""


@dataclass(frozen=True)
class Jobs:
    """The load jobs of one dataset."""

    client: bigquery.Client
    dataset: str

    def ids(self) -> list[str]:
        return sorted(job.job_id for job in self.client.list_jobs() if job.job_id.startswith(f"load-{self.dataset}-"))


@pytest.fixture
def adapter(bigquery_adapter: Any) -> Any:
    return bigquery_adapter


@pytest.fixture
def jobs(adapter: Any, bigquery_emulator: str) -> Iterator[Jobs]:
    options = {"api_endpoint": bigquery_emulator}
    client = bigquery.Client("local", AnonymousCredentials(), client_options=options)  # type: ignore[no-untyped-call]
    yield Jobs(client, adapter.place)
    client.close()  # type: ignore[no-untyped-call]


async def count(warehouse: Any) -> int:
    [row] = await warehouse.query("SELECT count(*) AS n FROM records")
    return int(row["n"])


async def test_many_crawls_are_one_job(warehouse: Any, store: Any, jobs: Jobs) -> None:
    sources = [await store(f"c{n}", ["1"] * (n % 3)) for n in range(40)]

    assert await warehouse.load("l1", "records", sources) == {f"c{n}": n % 3 for n in range(40)}
    assert len(jobs.ids()) == 1


async def test_control_every_load_is_a_job(warehouse: Any, store: Any, jobs: Jobs) -> None:
    for n in range(2):
        await warehouse.load(f"l{n}", "records", [await store(f"c{n}", ["1"])])

    assert len(jobs.ids()) == 2


async def test_crawls_without_rows_need_no_job(warehouse: Any, store: Any, jobs: Jobs) -> None:
    assert await warehouse.load("l1", "records", [await store("c1", [])]) == {"c1": 0}
    assert jobs.ids() == []


def kill_at(step: str, adapter: Any, source: LoadSource) -> None:
    code = f"{adapter.code}\nimport datetime\n{DEATH.format(step=step, source=source)}"
    died = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL


async def repeat(warehouse: Any, source: LoadSource, jobs: Jobs) -> None:
    await warehouse.publish("records", {"c1": 1})
    assert await count(warehouse) == 0

    assert await warehouse.load("l1", "records", [source]) == {"c1": 2}
    assert await count(warehouse) == 2
    assert len(jobs.ids()) == 1


async def test_a_loader_killed_before_its_job_is_repeated(adapter: Any, warehouse: Any, store: Any, jobs: Jobs) -> None:
    source = await store("c1", ["1", "2"])
    kill_at("_append", adapter, source)

    assert jobs.ids() == []
    await repeat(warehouse, source, jobs)


async def test_a_loader_killed_behind_its_job_is_repeated_without_another(
    adapter: Any, warehouse: Any, store: Any, jobs: Jobs
) -> None:
    source = await store("c1", ["1", "2"])
    kill_at("_note", adapter, source)

    assert len(jobs.ids()) == 1
    await repeat(warehouse, source, jobs)


async def test_a_job_that_failed_is_followed_by_another(
    warehouse: Any, lake: Any, store: Any, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await store("c1", ["1"])
    with monkeypatch.context() as broken:
        broken.setattr(type(lake), "url", lambda *_: "gs://warehouse-suite/there-is-nothing")
        with pytest.raises(WarehouseRejected):
            await warehouse.load("l1", "records", [source])
    await warehouse.publish("records", {"c1": 1})
    assert await count(warehouse) == 0

    assert await warehouse.load("l1", "records", [source]) == {"c1": 1}
    assert await count(warehouse) == 1
    first, second = jobs.ids()
    assert second == f"{first}_r1"


async def test_what_a_killed_loader_left_in_the_lake_is_swept(
    adapter: Any, warehouse: Any, lake: Any, store: Any
) -> None:
    source = await store("c1", ["1"])
    kill_at("_append", adapter, source)
    left = [name async for name in lake.list("warehouse/")]

    assert len(left) == 2
    assert await warehouse.sweep(3600) == 0
    assert await warehouse.sweep(-1) == 2
    assert [name async for name in lake.list("")] == [source.object_name]


async def test_a_finished_load_leaves_only_its_manifest(warehouse: Any, lake: Any, store: Any) -> None:
    await warehouse.load("l1", "records", [await store("c1", ["1"])])

    assert [name async for name in lake.list("warehouse/")] == ["warehouse/records/l1/manifest.json"]
