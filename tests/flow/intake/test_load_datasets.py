"""Rows of datasets in the warehouse: loaded together, visible whole, and gone with their dataset."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.load_source import LoadSource, WarehouseRejected, WarehouseUnavailable
from schemas.problem import Problem
from services.intake.datasets import load_datasets as loading
from services.intake.datasets.load_job import load_id
from services.jobs.job import Done, Job, Resume, Snooze
from tests.flow.intake.importing import Desk, importing

A = b'{"n": 1, "text": "\xc3\xa9"}\n{"n": 2, "text": null}\n'
B = b"a,day\n5,2024-02-29\n"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def seen(desk: Desk, dataset_id: str) -> list[Any]:
    rows = await desk.runtime.warehouse({}).query(
        f"SELECT * FROM dataset_rows WHERE dataset_id = '{dataset_id}' ORDER BY row_no"
    )
    return [json.loads(row["record"]) for row in rows]


async def state(desk: Desk, dataset_id: str) -> str | None:
    _, body = await desk.get(f"/api/v1/datasets/{dataset_id}")
    found: str | None = body["warehouse"]
    return found


async def waiting(desk: Desk, *ids: str) -> list[Job]:
    """The jobs that load these datasets, as a worker would hold them."""
    rows = [await desk.job(str(load_id(UUID(one)))) for one in ids]
    names = ("id", "tenant", "kind", "queue", "state", "attempt", "tries", "max_tries", "claims", "payload", "step")
    return [Job(lease_token=1, **{name: row[name] for name in names}) for row in rows]


class Counted:
    """The real warehouse; which datasets each load took, and what is to happen in one before it begins."""

    def __init__(self, warehouse: Any) -> None:
        self.whole = warehouse
        self.loads: list[list[str]] = []

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        self.loads.append([source.key for source in sources])
        counts: Mapping[str, int] = await self.whole.load(load_id, table, sources)
        return counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.whole, name)


class Refusing(Counted):
    """Refuses every load with this dataset."""

    def __init__(self, warehouse: Any, key: str, problem: Problem) -> None:
        super().__init__(warehouse)
        self.key, self.problem = key, problem

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        if any(source.key == self.key for source in sources):
            self.loads.append([source.key for source in sources])
            raise self.problem
        return await super().load(load_id, table, sources)


async def test_rows_of_an_import_are_queried_where_they_were_loaded(desk: Desk) -> None:
    one, other = await desk.dataset(A, "a.ndjson"), await desk.dataset(B, "b.csv")
    assert (one["warehouse"], await seen(desk, one["id"])) == ("pending", [])
    await desk.load()

    assert [await state(desk, made["id"]) for made in (one, other)] == ["loaded", "loaded"]
    assert await seen(desk, one["id"]) == [json.loads(line) for line in A.splitlines()]
    assert await seen(desk, other["id"]) == [{"a": 5, "day": "2024-02-29"}]
    (row,) = await desk.runtime.warehouse({}).query(
        f"SELECT *, record->>'$.day' AS day FROM dataset_rows WHERE dataset_id = '{other['id']}'"
    )
    told = (row["tenant"], row["source_id"], row["filename"], row["row_no"], row["attempt"], row["day"])
    assert told == ("default", other["source_id"], "b.csv", 1, 1, "2024-02-29")
    assert row["imported_at"].isoformat().replace("+00:00", "Z") == other["created_at"]


async def test_the_load_is_a_job_that_names_its_dataset(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    await desk.load()
    job = await desk.job(str(load_id(UUID(made["id"]))))

    assert (job["kind"], job["state"], job["related_dataset_id"]) == ("load_dataset", "completed", made["id"])
    assert job["result"] == {"dataset_id": made["id"], "table": "dataset_rows", "row_count": 2}


async def test_many_datasets_are_one_load(desk: Desk) -> None:
    made = [(await desk.dataset(b"a\n%d\n" % n, f"{n}.csv"))["id"] for n in range(3)]
    warehouse = Counted(desk.runtime.warehouse({}))
    outcomes = await loading.load_datasets(
        await waiting(desk, *made), database=desk.runtime.database, warehouse=warehouse
    )

    assert list(map(sorted, warehouse.loads)) == [sorted(made)]
    assert all(isinstance(one, Done) for one in outcomes.values())


async def test_what_is_too_much_for_one_load_comes_in_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [(await desk.dataset(b"a\n%d\n" % n, f"{n}.csv"))["id"] for n in range(3)]
    monkeypatch.setattr(loading, "MOST_BYTES", 20)  # of eight bytes each, as lines
    jobs = await waiting(desk, *made)
    outcomes = await loading.load_datasets(
        jobs, database=desk.runtime.database, warehouse=Counted(desk.runtime.warehouse({}))
    )

    assert [type(outcomes[job.id]) for job in jobs] == [Done, Done, Resume]


async def test_where_loads_are_counted_jobs_wait_for_one_another(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    (job,) = await waiting(desk, made["id"])
    context: dict[str, Any] = {"database": desk.runtime.database, "warehouse": Counted(desk.runtime.warehouse({}))}
    first = await loading.load_datasets([job], every_seconds=60, now=lambda: 130.0, **context)
    assert first[job.id] == Snooze(seconds=50.0, step="gathering", reason="loaded together with others")
    (gathered,) = [Job(**{**{name: getattr(job, name) for name in job.__struct_fields__}, "step": "gathering"})]
    second = await loading.load_datasets([gathered], every_seconds=60, now=lambda: 180.0, **context)

    assert isinstance(second[job.id], Done)


async def test_one_that_is_refused_keeps_no_other_out(desk: Desk) -> None:
    bad, good = (await desk.dataset(A, "a.ndjson"))["id"], (await desk.dataset(B, "b.csv"))["id"]
    refused = WarehouseRejected("a line is damaged")
    warehouse = Refusing(desk.runtime.warehouse({}), bad, refused)
    jobs = await waiting(desk, bad, good)
    outcomes = await loading.load_datasets(jobs, database=desk.runtime.database, warehouse=warehouse)

    assert outcomes[jobs[0].id] is refused
    assert isinstance(outcomes[jobs[1].id], Done)
    assert (await seen(desk, bad), await seen(desk, good)) == ([], [{"a": 5, "day": "2024-02-29"}])


async def test_a_load_that_cannot_be_made_says_so_and_can_be_retried(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    (job,) = await waiting(desk, made["id"])
    away = Refusing(desk.runtime.warehouse({}), made["id"], WarehouseUnavailable("away"))
    outcomes = await loading.load_datasets([job], database=desk.runtime.database, warehouse=away)
    problem = outcomes[job.id]
    assert isinstance(problem, WarehouseUnavailable)
    async with desk.runtime.database.transaction() as tx:
        await loading.load_failed(tx, job, problem)
    failed = await state(desk, made["id"])
    await desk.load()

    assert (failed, await state(desk, made["id"])) == ("failed", "loaded")
    assert len(await seen(desk, made["id"])) == 2


async def test_a_load_that_is_repeated_shows_each_row_once(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    for _ in range(2):
        jobs = await waiting(desk, made["id"])
        await loading.load_datasets(jobs, database=desk.runtime.database, warehouse=desk.runtime.warehouse({}))
    await asyncio.gather(*(desk.load() for _ in range(2)))

    assert len(await seen(desk, made["id"])) == 2
