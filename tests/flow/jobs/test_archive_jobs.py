"""Old jobs leave PostgreSQL for the warehouse, where look-ups and queries find them as they were."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import randbytes
from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from infra.postgres.database import Database
from schemas.load_source import LoadSource, WarehouseRejected
from schemas.records.archived_job import ArchivedJob
from schemas.tables import warehouse_tables
from services.jobs.history import archive_jobs as archiving
from services.jobs.history.archive_jobs import archive_jobs
from services.jobs.job_id import JobNotFound
from services.jobs.limits import Limits
from services.jobs.reading.find_job import find_job
from services.jobs.shapes import background, v2
from services.jobs.store import views
from tests.contract.jobs.rig import Desk, Final, failing

TENANT = "default"
DAYS = 30
LIMITS = Limits(max_retries=3, timeout_seconds=300.0)


class Crash(BaseException):
    """The process ended here."""


class Fragile(Warehouse):
    """A warehouse whose process ends right before or right after it published, and that refuses some loads."""

    dies: str | None = None
    refuses: int = 0
    refused: set[str]

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        if len(self.refused) < self.refuses:
            self.refused.add(load_id)
        if load_id in self.refused:
            raise WarehouseRejected
        counts = await super().load(load_id, table, sources)
        if self.dies == "loaded":
            raise Crash
        return counts

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        await super().publish(table, attempts)
        if self.dies == "published":
            raise Crash


@dataclass
class Archive:
    """A desk of jobs beside a lake and a warehouse."""

    desk: Desk
    database: Database
    lake: Lake
    warehouse: Fragile

    async def run(self, *, kinds: Sequence[str] = ("k",), days: float = DAYS, stop: asyncio.Event | None = None) -> int:
        return await archive_jobs(
            stop or asyncio.Event(),
            database=self.database,
            lake=self.lake,
            warehouse=self.warehouse,
            kinds=kinds,
            days=days,
        )

    async def finished(self, *, days_ago: float = 31, **changes: Any) -> UUID:
        """A job that completed so many days ago."""
        [job_id] = await self.desk.queue(**changes)
        await self.desk.drain()
        return await self.aged(job_id, days_ago)

    async def failed(self, *, days_ago: float, discarded: bool = False) -> UUID:
        [job_id] = await self.desk.queue()
        await self.desk.drain(failing(Final("no")))
        if discarded:
            await self.desk.change(job_id, "discarded_at = now(), discard_reason = 'known'")
        return await self.aged(job_id, days_ago)

    async def aged(self, job_id: UUID, days: float) -> UUID:
        await self.desk.change(job_id, f"finished_at = finished_at - {days} * interval '1 day'")
        return job_id

    async def find(self, job_id: UUID, *, tenant: str = TENANT) -> dict[str, Any]:
        return await find_job(job_id, tenant=tenant, database=self.database, warehouse=self.warehouse)

    async def live(self) -> set[UUID]:
        return {UUID(str(row["id"])) for row in await self.database.pool.fetch("SELECT id FROM jobs")}

    async def asked(self) -> list[str]:
        rows = await self.warehouse.query("SELECT job_id FROM job_history ORDER BY job_id")
        return [row["job_id"] for row in rows]

    async def objects(self) -> list[str]:
        return [name async for name in self.lake.list("")]


@pytest.fixture
def archive(database: Database, tmp_path: Path) -> Archive:
    lake = Lake(tmp_path / "lake")
    warehouse = Fragile(tmp_path / "warehouse", lake, warehouse_tables())  # type: ignore[arg-type]  # its columns
    warehouse.refused = set()
    return Archive(Desk(database), database, lake, warehouse)


async def test_a_job_past_its_days_is_found_in_the_warehouse_as_it_was(archive: Archive) -> None:
    batch = uuid4()
    job_id = await archive.finished(
        batch_id=batch, payload={"a": [1, "é"]}, metadata={"m": None}, source_id="s", priority=1, max_tries=3
    )
    before = await archive.find(job_id)

    assert await archive.run() == 1

    assert await archive.live() == set()
    after = await archive.find(job_id)
    assert after == {**before, "batch_id": batch}
    assert (background(after, LIMITS), v2(after)) == (background(before, LIMITS), v2(before))


async def test_the_warehouse_can_be_asked_for_archived_jobs(archive: Archive) -> None:
    job_id = await archive.finished()
    await archive.run()

    rows = await archive.warehouse.query("SELECT job_id, state, kind FROM job_history WHERE finished_at < now()")
    assert rows == [{"job_id": str(job_id), "state": "completed", "kind": "k"}]


async def test_younger_jobs_stay_and_so_do_those_at_work(archive: Archive) -> None:
    young = await archive.finished(days_ago=29)
    [waiting] = await archive.desk.queue()

    assert await archive.run() == 0
    assert await archive.live() == {young, waiting}


async def test_jobs_whose_kind_keeps_rows_beside_them_stay(archive: Archive) -> None:
    job_id = await archive.finished()

    assert await archive.run(kinds=("other",)) == 0
    assert await archive.live() == {job_id}


async def test_a_dead_letter_stays_four_times_as_long_unless_it_was_discarded(archive: Archive) -> None:
    letter = await archive.failed(days_ago=31)
    discarded = await archive.failed(days_ago=31, discarded=True)
    forgotten = await archive.failed(days_ago=121)

    assert await archive.run() == 2
    assert await archive.live() == {letter}
    assert (await archive.find(discarded))["discard_reason"] == "known"
    assert background(await archive.find(forgotten), LIMITS)["error"]["code"] == "FINAL"


async def test_a_batch_keeps_its_jobs_until_all_are_over(archive: Archive) -> None:
    batch = uuid4()
    old = await archive.finished(batch_id=batch)
    [late] = await archive.desk.queue(batch_id=batch)

    assert await archive.run() == 0
    await archive.desk.drain()
    assert await archive.run() == 1
    assert await archive.live() == {late}
    assert (await archive.find(old))["batch_id"] == batch


async def test_timelines_go_with_their_jobs(archive: Archive) -> None:
    job_id = await archive.finished()
    [other] = await archive.desk.queue()
    await archive.run()

    assert await archive.desk.timeline(job_id) == []
    assert await archive.desk.timeline(other) == ["queued"]


@pytest.mark.parametrize("moment", ["loaded", "published"])
async def test_after_a_crash_on_the_way_the_job_is_found_and_archived_once(archive: Archive, moment: str) -> None:
    job_id = await archive.finished()
    archive.warehouse.dies = moment
    with pytest.raises(Crash):
        await archive.run()
    between = await archive.find(job_id)
    archive.warehouse.dies = None
    later = await archive.finished()
    await archive.run()

    assert between["state"] == "completed"
    assert await archive.asked() == sorted([str(job_id), str(later)])
    assert await archive.objects() == []


async def test_control_a_crash_leaves_something_to_do(archive: Archive) -> None:
    await archive.finished()
    archive.warehouse.dies = "published"
    with pytest.raises(Crash):
        await archive.run()

    assert len(await archive.objects()) == 1
    assert await archive.database.pool.fetchval("SELECT count(*) FROM leaving_jobs") == 1


async def test_many_sweeps_at_once_archive_each_job_once(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "BATCH", 3)
    ids = await archive.desk.queue(10)
    await archive.desk.drain()
    for job_id in ids:
        await archive.aged(job_id, 31)

    await asyncio.gather(*(archive.run() for _ in range(4)))
    await archive.run()

    assert await archive.live() == set()
    assert await archive.asked() == sorted(map(str, ids))


async def loads(archive: Archive) -> list[int]:
    rows = await archive.warehouse.query("SELECT count(*) AS jobs FROM job_history GROUP BY load_id ORDER BY jobs DESC")
    return [row["jobs"] for row in rows]


async def test_however_many_are_old_one_run_archives_them_all_in_bounded_batches(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "BATCH", 2)
    await archive.desk.queue(50)
    await archive.desk.drain()
    await archive.database.pool.execute("UPDATE jobs SET finished_at = finished_at - interval '31 day'")

    assert await archive.run() == 50
    assert await loads(archive) == [2] * 25


@pytest.mark.parametrize("compressible", [True, False])
async def test_heavy_jobs_go_in_smaller_batches(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, *, compressible: bool
) -> None:
    monkeypatch.setattr(archiving, "MOST_BYTES", 25_000)
    for _ in range(5):
        await archive.finished(payload={"x": "x" * 10_000 if compressible else randbytes(5_000).hex()})
    for _ in range(5):
        await archive.finished()

    assert await archive.run() == 10
    assert await loads(archive) == [7, 3]


async def test_a_batch_that_cannot_be_loaded_is_in_nobodys_way(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "BATCH", 1)
    archive.warehouse.refuses = 2
    bad, worse, good = [await archive.finished(days_ago=days) for days in (33, 32, 31)]

    assert await archive.run() == 3
    assert await archive.asked() == [str(good)]
    later = await archive.finished()
    await archive.run()
    assert await archive.asked() == sorted([str(good), str(later)])
    assert [(await archive.find(one))["state"] for one in (bad, worse)] == ["completed"] * 2
    archive.warehouse.refused.clear()
    archive.warehouse.refuses = 0
    await archive.run()
    assert await archive.asked() == sorted(map(str, [bad, worse, good, later]))


async def test_no_more_jobs_leave_while_none_arrive(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 1)
    archive.warehouse.refuses = 10
    for _ in range(5):
        await archive.finished()

    assert await archive.run() == archiving.MOST_FAILURES
    assert len(await archive.live()) == 5 - archiving.MOST_FAILURES


async def test_a_stop_ends_a_run_after_its_batch(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 1)
    stop = asyncio.Event()
    publish = archive.warehouse.publish

    async def published(table: str, attempts: Mapping[str, int]) -> None:
        stop.set()
        await publish(table, attempts)

    monkeypatch.setattr(archive.warehouse, "publish", published)
    for _ in range(3):
        await archive.finished()

    assert await archive.run(stop=stop) == 1
    assert await loads(archive) == [1]
    assert len(await archive.live()) == 2


async def test_a_job_of_another_tenant_is_not_found_in_history(archive: Archive) -> None:
    job_id = await archive.finished()
    await archive.run()

    for unknown, tenant in ((job_id, "other"), (uuid4(), TENANT)):
        with pytest.raises(JobNotFound):
            await archive.find(unknown, tenant=tenant)


async def test_an_id_that_was_used_again_is_the_newer_job(archive: Archive) -> None:
    job_id = await archive.finished(metadata={"n": 1}, days_ago=40)
    await archive.run()
    again = await archive.finished(id=job_id, metadata={"n": 2})
    await archive.run()

    assert again == job_id
    assert (await archive.find(job_id))["metadata"] == {"n": 2}


def test_the_warehouse_keeps_everything_that_callers_see() -> None:
    kept = {"id" if name == "job_id" else name for name in ArchivedJob.model_fields}

    assert set(views.COLUMNS.split(", ")) - kept == {"want", "paused_from"}
