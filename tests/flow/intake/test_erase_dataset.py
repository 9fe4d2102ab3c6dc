"""What is left of a dataset that was removed: nothing, whoever was loading it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from schemas.load_source import LoadSource
from services.intake.datasets.load_datasets import load_datasets
from services.intake.datasets.load_job import load_id
from services.jobs.job import Done
from tests.flow.intake.importing import Desk, importing
from tests.flow.intake.test_load_datasets import A, B, Counted, seen, state, waiting


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def removed(desk: Desk, dataset_id: str) -> None:
    assert await desk.delete(f"/api/v1/datasets/{dataset_id}") == 204


async def erasures(desk: Desk) -> list[Any]:
    rows: list[Any] = await desk.runtime.database.pool.fetch(
        "SELECT * FROM jobs WHERE kind = 'erase_dataset' ORDER BY enqueued_at"
    )
    return rows


async def kept(desk: Desk) -> int:
    """Rows that lie in the warehouse's files, visible or not."""
    pq = pytest.importorskip("pyarrow.parquet")
    folder = desk.runtime.settings.data_dir / "warehouse" / "dataset_rows"
    return sum(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


async def again(desk: Desk) -> None:
    """The day after."""
    await desk.runtime.database.pool.execute(
        "UPDATE jobs SET state = 'ready', due_at = NULL WHERE kind = 'erase_dataset' AND state = 'scheduled'"
    )
    await desk.erase()


class Meanwhile(Counted):
    """Something happens while a load is under way: before its objects are read, or after its rows were written."""

    def __init__(self, warehouse: Any, happens: Any, *, before: bool) -> None:
        super().__init__(warehouse)
        self.happens, self.before = happens, before

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        if self.before:
            await self.happens()
        counts = await super().load(load_id, table, sources)
        if not self.before:
            await self.happens()
        return counts


async def test_a_removed_dataset_is_gone_from_the_warehouse(desk: Desk) -> None:
    one, other = await desk.dataset(A, "a.ndjson"), await desk.dataset(B, "b.csv")
    await desk.load()
    await removed(desk, one["id"])
    await desk.erase()

    assert (await seen(desk, one["id"]), len(await seen(desk, other["id"])), await kept(desk)) == ([], 1, 1)
    assert await state(desk, other["id"]) == "loaded"
    first, second = await erasures(desk)
    assert (first["state"], first["result"]) == ("completed", {"dataset_id": one["id"], "objects": 2, "rows": 2})
    assert (first["created_by"], second["state"]) == ("anna", "scheduled")


async def test_a_load_that_comes_after_the_removal_brings_nothing(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    await removed(desk, made["id"])
    await desk.erase()
    await desk.load()
    job = await desk.job(str(load_id(UUID(made["id"]))))

    assert (job["state"], job["result"]) == ("completed", {"dataset_id": made["id"], "removed": True})
    assert (await seen(desk, made["id"]), await kept(desk)) == ([], 0)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_load_that_is_overtaken_by_an_erasure_shows_nothing(desk: Desk, moment: str) -> None:
    made, other = await desk.dataset(A, "a.ndjson"), await desk.dataset(B, "b.csv")

    async def erased() -> None:
        if await desk.delete(f"/api/v1/datasets/{made['id']}") == 204:
            await desk.erase()

    warehouse = Meanwhile(desk.runtime.warehouse({}), erased, before=moment == "before")
    jobs = await waiting(desk, made["id"], other["id"])
    outcomes = await load_datasets(jobs, database=desk.runtime.database, warehouse=warehouse)

    assert outcomes[jobs[0].id] == Done(result={"dataset_id": made["id"], "removed": True})
    assert (await seen(desk, made["id"]), len(await seen(desk, other["id"]))) == ([], 1)
    await again(desk)
    assert await kept(desk) == 1


async def test_control_a_load_that_nobody_overtakes_shows_its_rows(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")

    async def nothing() -> None:
        await desk.erase()

    warehouse = Meanwhile(desk.runtime.warehouse({}), nothing, before=False)
    await load_datasets(await waiting(desk, made["id"]), database=desk.runtime.database, warehouse=warehouse)

    assert (len(await seen(desk, made["id"])), await kept(desk)) == (2, 2)


async def test_rows_are_erased_once_nobody_loads_them(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    execute = desk.runtime.database.pool.execute
    job_id = load_id(UUID(made["id"]))
    await execute("UPDATE jobs SET state = 'running', lease_until = now() + interval '1 h' WHERE id = $1", job_id)
    await removed(desk, made["id"])
    await desk.erase()
    (waiting_one,) = await erasures(desk)
    assert (waiting_one["state"], waiting_one["step"]) == ("scheduled", "waiting")
    await execute("UPDATE jobs SET state = 'completed' WHERE id = $1", job_id)
    await again(desk)

    assert (await erasures(desk))[0]["state"] == "completed"


async def test_a_late_row_is_erased_the_day_after(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")

    async def erased() -> None:
        await removed(desk, made["id"])
        await desk.erase()

    late = Meanwhile(desk.runtime.warehouse({}), erased, before=False)
    await load_datasets(await waiting(desk, made["id"]), database=desk.runtime.database, warehouse=late)
    await desk.runtime.lake.create(f"datasets/default/{made['id']}/records.ndjson.gz", _empty())
    await again(desk)

    assert [one["state"] for one in await erasures(desk)] == ["completed", "completed"]
    assert [name async for name in desk.runtime.lake.list("datasets/")] == []


async def _empty() -> AsyncIterator[bytes]:
    yield b""


async def test_the_same_bytes_come_again_as_another_dataset(desk: Desk) -> None:
    first = await desk.dataset(A, "a.ndjson")
    await desk.load()
    await removed(desk, first["id"])
    second = await desk.dataset(A, "a.ndjson")
    await desk.load()
    await desk.erase()

    assert second["id"] != first["id"]
    assert (await seen(desk, first["id"]), len(await seen(desk, second["id"]))) == ([], 2)


async def test_what_is_imported_again_while_it_is_erased_stays(desk: Desk) -> None:
    made = await desk.dataset(A, "a.ndjson")
    await removed(desk, made["id"])
    async with desk.session.post(f"{desk.base}/api/v1/data-sources/jobs/{made['job_id']}/restart") as answer:
        assert answer.status == 202
    await desk.work()
    await desk.erase()
    await desk.load()
    [there] = (await desk.get("/api/v1/datasets"))[1]["items"]
    status, page = await desk.get(f"/api/v1/datasets/{there['id']}/rows")

    assert there["id"] != made["id"]
    assert (status, len(page["items"]), len(await seen(desk, there["id"]))) == (200, 2, 2)
