"""Timelines are kept as long as the jobs that ended."""

import asyncio
from pathlib import Path

import pytest

from functions import clean_up
from tests.flow.jobs.counter import counter

LINES = """
INSERT INTO job_events (job_id, attempt, type, at)
SELECT '00000000-0000-0000-0000-000000000001', 1, 'days ' || days, now() - days * interval '1 day'
FROM unnest(ARRAY[1, 3, 29, 31, 60]) AS days
"""


@pytest.mark.parametrize(
    ("days", "left"),
    [
        (2, ["days 1"]),
        (30, ["days 1", "days 3", "days 29"]),
        (90, ["days 1", "days 3", "days 29", "days 31", "days 60"]),
    ],
)
async def test_lines_go_when_jobs_of_their_age_do(
    database_dsn: str, tmp_path: Path, days: int, left: list[str]
) -> None:
    async with counter(database_dsn, tmp_path, job_retention_days=days) as desk:
        await desk.sql(LINES)

        await clean_up.main.function.build(desk.runtime)(asyncio.Event())

        assert [row["type"] for row in await desk.rows("SELECT type FROM job_events ORDER BY at DESC")] == left
