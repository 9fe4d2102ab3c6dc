"""Jobs that are put off take no place in their queue; those that come soon, or come back, do."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flow.jobs.counter import Counter, counter

ROOM = 3


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, max_queue_size=ROOM) as opened:
        yield opened


async def put_off(desk: Counter, by: timedelta) -> None:
    await desk.accepted(due_at=(datetime.now(UTC) + by).isoformat())


async def test_what_is_due_next_year_leaves_room_for_what_is_due_now(desk: Counter) -> None:
    for _ in range(2 * ROOM):
        await put_off(desk, timedelta(days=365))

    ends = [(await desk.submit())[0] for _ in range(ROOM + 1)]

    assert ends == [202] * ROOM + [429]


async def test_what_is_due_next_year_comes_in_however_full_the_queue_is(desk: Counter) -> None:
    later = {"due_at": (datetime.now(UTC) + timedelta(days=365)).isoformat()}
    await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}] * ROOM})

    assert (await desk.submit({"kind": "drill", **later}))[0] == 202
    assert (await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [later] * 2 * ROOM}))[0] == 202
    assert (await desk.submit())[0] == 429  # the control


async def test_a_batch_needs_room_for_what_is_due_soon_and_no_more(desk: Counter) -> None:
    now, later = ({"due_at": (datetime.now(UTC) + by).isoformat()} for by in (timedelta(), timedelta(days=1)))

    ends = [
        (await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [now] * jobs + [later] * ROOM}))[0]
        for jobs in (ROOM + 1, ROOM, 1)
    ]

    assert ends == [413, 202, 429]


async def test_what_is_due_within_the_hour_takes_its_place(desk: Counter) -> None:
    for _ in range(ROOM):
        await put_off(desk, timedelta(minutes=50))

    status, problem = await desk.submit()

    assert (status, problem["code"], problem["waiting"]) == (429, "QUEUE_FULL", ROOM)


async def test_what_is_tried_again_keeps_its_place_however_long_it_rests(desk: Counter) -> None:
    for _ in range(ROOM):
        await put_off(desk, timedelta(hours=5))
    assert (await desk.submit())[0] == 202  # the control

    await desk.sql("UPDATE jobs SET tries = 1 WHERE state = 'scheduled'")

    assert (await desk.submit())[0] == 429
