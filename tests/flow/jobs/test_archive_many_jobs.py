"""However many jobs are old, and whatever is wrong with some, the rest is archived in bounded batches."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from random import randbytes

import pytest

from services.jobs.history import archive_jobs as archiving
from services.jobs.history.archive import MOST_FAILURES
from tests.flow.jobs.archive import Archive, loads


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

    assert await archive.run() == MOST_FAILURES
    assert len(await archive.live()) == 5 - MOST_FAILURES


async def test_while_all_that_waits_fails_again_one_more_leaves_at_a_time(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "BATCH", 1)
    archive.warehouse.refuses = 1_000
    for _ in range(6):
        await archive.finished()

    assert [await archive.run() for _ in range(3)] == [MOST_FAILURES, 1, 1]


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
