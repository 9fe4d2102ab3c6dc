"""An Idempotency-Key stands for its job for its term, however early old jobs are archived."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from functions import clean_up
from services.jobs.submitting.idempotency import KEY_DAYS
from tests.flow.jobs.counter import Counter, counter

KEY = {"Idempotency-Key": "k"}
DRILL = {"kind": "drill"}


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, job_retention_days=1) as opened:
        yield opened


async def left(desk: Counter, *, after_days: float) -> int:
    """How many jobs a clean-up leaves when all were submitted, and were over, so many days ago."""
    await desk.sql(
        "UPDATE jobs SET state = 'completed', created_at = at, started_at = at, finished_at = at"
        " FROM (SELECT now() - $1 * interval '1 day' AS at) AS o",
        after_days,
    )
    await clean_up.main.function.build(desk.runtime)(asyncio.Event())
    return int((await desk.rows("SELECT count(*) AS n FROM jobs"))[0]["n"])


async def test_within_its_term_a_key_gets_the_job_it_made(desk: Counter) -> None:
    _, first = await desk.submit(DRILL, **KEY)
    assert await left(desk, after_days=KEY_DAYS - 0.1) == 1

    status, again = await desk.submit(DRILL, **KEY)
    refused, problem = await desk.submit({**DRILL, "priority": 0}, **KEY)

    assert (status, again["job_id"], again["status"]) == (202, first["job_id"], "completed")
    assert (refused, problem["code"]) == (422, "IDEMPOTENCY_MISMATCH")


async def test_after_its_term_the_job_is_archived_and_the_key_is_free(desk: Counter) -> None:
    _, first = await desk.submit(DRILL, **KEY)
    assert await left(desk, after_days=KEY_DAYS + 0.1) == 0

    status, again = await desk.submit(DRILL, **KEY)

    assert (status, again["job_id"], again["status"]) == (202, first["job_id"], "queued")


async def test_control_a_job_without_a_key_goes_in_its_time(desk: Counter) -> None:
    await desk.submit(DRILL)

    assert await left(desk, after_days=1.1) == 0


async def test_the_key_of_a_batch_outlives_its_jobs(desk: Counter) -> None:
    body: dict[str, Any] = {**DRILL, "jobs": [{}, {}]}
    _, first = await desk.ask("POST", "/submit-batch", body, **KEY)
    assert await left(desk, after_days=400) == 0

    status, again = await desk.ask("POST", "/submit-batch", body, **KEY)

    assert (status, again["job_ids"], again["successful"]) == (200, first["job_ids"], 2)
    assert await desk.rows("SELECT 1 FROM jobs") == []
