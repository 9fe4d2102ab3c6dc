"""Old jobs leave PostgreSQL for the warehouse, where look-ups and queries find them as they were."""

from uuid import uuid4

import pytest

from schemas.records.archived_job import ArchivedJob
from services.jobs.job_id import JobNotFound
from services.jobs.shapes import background, v2
from services.jobs.store import views
from tests.flow.jobs.archive import LIMITS, TENANT, Archive, Crash


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
