"""MAX_QUEUE_SIZE among tenants: one that fills a queue keeps no other out of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.jobs.commanding.command_jobs import Bulk, Commanding
from services.jobs.submitting.admission import Door, door
from services.jobs.submitting.batch import Batch
from services.jobs.submitting.room import QueueFull
from services.jobs.submitting.submission import Submission
from services.jobs.submitting.submit_batch import submit_batch
from services.jobs.submitting.submit_job import submit_job
from tests.flow.jobs.counter import Counter, counter

ROOM = 12


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, max_queue_size=ROOM) as opened:
        yield opened


async def submit(desk: Counter, tenant: str, jobs: int = 1, **fields: Any) -> int:
    """Submit jobs one by one until one is refused; returns how many were taken."""
    comes_in: Door = desk.runtime.once(door)
    said = Submission.model_validate({"kind": "drill", **fields})
    for taken in range(jobs):
        try:
            await submit_job(
                said, job_id=uuid4(), key=None, tenant=tenant, door=comes_in, database=desk.runtime.database
            )
        except QueueFull:
            return taken
    return jobs


async def submit_together(desk: Counter, tenant: str, jobs: int) -> None:
    """Submit a batch."""
    batch = Batch.model_validate({"kind": "drill", "jobs": [{}] * jobs})
    comes_in, database = desk.runtime.once(door), desk.runtime.database
    await submit_batch(batch, batch_id=uuid4(), key=None, tenant=tenant, door=comes_in, database=database)


async def test_a_tenant_alone_has_all_the_room_and_not_one_place_more(desk: Counter) -> None:
    assert await submit(desk, "hog", 2 * ROOM) == ROOM


async def test_a_tenant_comes_in_until_its_even_share_where_another_filled_the_queue(desk: Counter) -> None:
    await submit(desk, "hog", ROOM)

    assert await submit(desk, "neighbour", ROOM) == ROOM // 2
    assert await submit(desk, "late", ROOM) == ROOM // 3


async def test_whoever_has_more_than_its_share_waits_until_there_is_room(desk: Counter) -> None:
    await submit(desk, "hog", ROOM)
    await submit(desk, "neighbour", 1)
    assert await submit(desk, "hog") == 0

    await desk.sql("UPDATE jobs SET state = 'running' WHERE id IN (SELECT id FROM jobs WHERE tenant = 'hog' LIMIT 2)")

    assert await submit(desk, "hog", ROOM) == 1


async def test_room_that_others_leave_is_anybodys(desk: Counter) -> None:
    await submit(desk, "neighbour", 2)

    assert await submit(desk, "hog", ROOM) == ROOM - 2


async def test_jobs_of_a_tenant_count_for_its_share_wherever_they_wait(desk: Counter) -> None:
    await submit(desk, "hog", ROOM)
    soon = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    await submit(desk, "neighbour", 1, due_at=soon)
    await submit(desk, "neighbour", 1)
    await desk.sql("UPDATE jobs SET tries = 1, due_at = now() + interval '1 day' WHERE due_at IS NOT NULL")
    await submit(desk, "neighbour", 1, due_at=soon)

    assert await submit(desk, "neighbour", ROOM) == ROOM // 2 - 3


async def test_a_batch_comes_in_up_to_the_share_and_whole(desk: Counter) -> None:
    await submit(desk, "hog", ROOM)

    with pytest.raises(QueueFull, match="6 of each") as refused:
        await submit_together(desk, "neighbour", ROOM // 2 + 1)
    assert (refused.value.extra["limit"], refused.value.extra["share"]) == (ROOM, ROOM // 2)
    await submit_together(desk, "neighbour", ROOM // 2)

    found = await desk.rows("SELECT tenant, count(*) FROM jobs GROUP BY 1 ORDER BY 1")
    assert [tuple(row) for row in found] == [("hog", ROOM), ("neighbour", ROOM // 2)]


async def test_many_that_start_anew_fill_the_share(desk: Counter) -> None:
    await submit(desk, "neighbour", ROOM)
    await desk.sql("UPDATE jobs SET state = 'failed', finished_at = now(), error_code = 'X'")
    await submit(desk, "hog", ROOM)
    kinds, database = desk.runtime.once(door).kinds, desk.runtime.database
    commanding = Commanding(command="retry", tenant="neighbour", kinds=kinds, room=ROOM, database=database)

    told = await commanding.all(Bulk.model_validate({"filter": {"kind": "drill"}}))

    assert (told["changed"], told["stopped"]["code"]) == (ROOM // 2, "QUEUE_FULL")


async def test_a_job_that_waits_is_started_anew_in_its_own_place_however_full_the_queue_is(desk: Counter) -> None:
    await submit(desk, "default", ROOM)
    await submit(desk, "neighbour", 1)
    [[job_id], *_] = await desk.rows("SELECT id FROM jobs WHERE tenant = 'default'")

    assert (await desk.ask("POST", f"/job/{job_id}/restart"))[0] == 202
    assert await submit(desk, "default") == 0  # the control: who has no place yet gets none


async def test_a_rush_of_tenants_leaves_each_of_them_its_share(desk: Counter) -> None:
    await submit(desk, "hog", ROOM)
    crowd = ("hog", *["neighbour"] * 4)

    taken = await asyncio.gather(*(submit(desk, tenant, ROOM) for tenant in crowd))

    assert (taken[0], sum(taken[1:])) == (0, ROOM // 2)
