"""A batch's result stays true when its jobs are archived."""

import asyncio
from typing import Any

import pytest

from functions import clean_up
from tests.flow.jobs.counter import Counter

# Numbers that say the same before and after.
KEPT = ("status", "total_jobs", "successful", "failed", "cancelled", "processing", "queued", "processing_time")


async def over(desk: Counter) -> dict[str, Any]:
    """A batch of three completed jobs and a failed and a cancelled one, as its result says it; long ago."""
    _, batch = await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * 5})
    await desk.sql(
        "UPDATE jobs SET state = CASE n WHEN 1 THEN 'failed' WHEN 2 THEN 'cancelled' ELSE 'completed' END,"
        " started_at = created_at, finished_at = created_at + n * interval '1 s'"
        " FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM jobs) AS o WHERE o.id = jobs.id"
    )
    await desk.sql("UPDATE jobs SET finished_at = finished_at - interval '40 day'")
    await desk.sql("UPDATE batches SET created_at = created_at - interval '40 day'")
    return await result(desk, batch["batch_id"])


async def result(desk: Counter, batch_id: str) -> dict[str, Any]:
    status, body = await desk.ask("GET", f"/batch/{batch_id}")
    assert status == 200, body
    return dict(body)


async def clean(desk: Counter) -> int:
    """How many jobs are left."""
    await clean_up.main.function.build(desk.runtime)(asyncio.Event())
    return int((await desk.rows("SELECT count(*) AS n FROM jobs"))[0]["n"])


async def test_the_numbers_of_a_batch_outlive_its_jobs(desk: Counter) -> None:
    before = await over(desk)

    kept_back = await clean(desk)  # the failed one is a dead letter
    between = await result(desk, before["batch_id"])
    await desk.sql("UPDATE jobs SET finished_at = finished_at - interval '100 day'")
    left = await clean(desk)
    after = await result(desk, before["batch_id"])

    assert (kept_back, left) == (1, 0)
    assert [before[name] for name in KEPT] == ["completed", 5, 3, 1, 1, 0, 0, pytest.approx(5, abs=0.5)]
    assert [[found[name] for name in KEPT] for found in (between, after)] == [[before[name] for name in KEPT]] * 2
    assert [found["archived"] for found in (before, between, after)] == [0, 4, 5]
    assert [len(found["jobs"]) for found in (before, between, after)] == [5, 1, 0]


async def test_a_dead_letter_that_is_retried_counts_as_what_it_became(desk: Counter) -> None:
    before = await over(desk)
    await clean(desk)

    await desk.sql("UPDATE jobs SET state = 'completed'")

    after = await result(desk, before["batch_id"])
    assert [after[name] for name in ("successful", "failed", "cancelled", "archived")] == [4, 0, 1, 4]
