"""New jobs: many at once, in order, some for later."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.jobs.job import NewJob
from services.jobs.rank import AGEING_SECONDS, rank_seconds
from services.jobs.store import queue
from services.jobs.sweep import sweep
from tests.contract.jobs.rig import Desk

LATER = timedelta(hours=1)


def new(**changes: Any) -> NewJob:
    return NewJob(**{"id": uuid4(), "kind": "k", "queue": "q", **changes})


async def enqueue(desk: Desk, *jobs: NewJob) -> tuple[int, set[str]]:
    """How many were new, and whose bells ring."""
    async with desk.database.transaction() as tx:
        return await queue.enqueue_many(tx, jobs), tx.queues


async def test_many_are_taken_in_the_order_they_were_given(desk: Desk) -> None:
    jobs = [new() for _ in range(500)]

    assert await enqueue(desk, *jobs) == (500, {"q"})
    assert [job.id for job in await desk.claim(500)] == [job.id for job in jobs]


async def test_within_one_transaction_later_statements_come_later(desk: Desk) -> None:
    jobs = [new() for _ in range(20)]
    async with desk.database.transaction() as tx:
        for start in range(0, 20, 5):
            await queue.enqueue_many(tx, jobs[start : start + 5])

    assert [job.id for job in await desk.claim(20)] == [job.id for job in jobs]


async def test_levels_and_adjustments_decide_before_the_order_given(desk: Desk) -> None:
    low, slow, normal, high = new(priority=3), new(adjust_seconds=70.0), new(), new(priority=1)
    await enqueue(desk, low, slow, normal, high)

    assert [job.id for job in await desk.claim(4)] == [high.id, normal.id, slow.id, low.id]


@pytest.mark.parametrize("priority", range(5))
async def test_the_rank_in_the_row_is_the_rank_of_the_rules(desk: Desk, priority: int) -> None:
    job = new(priority=priority, adjust_seconds=12.5)
    await enqueue(desk, job)

    behind = await desk.database.pool.fetchval("SELECT extract(epoch FROM rank_at - enqueued_at)::float8 FROM jobs")
    assert behind == pytest.approx(rank_seconds(priority, adjustment=12.5), abs=1e-3)
    assert behind == pytest.approx(priority * AGEING_SECONDS + 12.5, abs=1e-3)


async def test_what_is_there_already_is_left_alone_and_not_counted(desk: Desk) -> None:
    first = new(payload={"n": 1})
    await enqueue(desk, first)

    added, rung = await enqueue(desk, new(id=first.id, payload={"n": 2}), new(queue="r"))

    assert (added, rung >= {"r"}) == (1, True)
    assert (await desk.row(first.id))["payload"] == {"n": 1}
    assert await desk.timeline(first.id) == ["queued"]


async def test_nothing_is_no_trouble(desk: Desk) -> None:
    assert await enqueue(desk) == (0, set())


async def test_a_job_for_later_waits_for_its_time_and_rings_nobody(desk: Desk) -> None:
    job = new(due_at=datetime.now(UTC) + LATER)

    assert await enqueue(desk, job) == (1, set())
    await sweep(desk.database)
    assert (await desk.state(job.id), await desk.claim()) == ("scheduled", [])

    await desk.change(job.id, "due_at = now()")
    await sweep(desk.database)
    assert [one.id for one in await desk.claim()] == [job.id]


async def test_a_job_whose_time_has_come_already_is_ready_with_the_next_sweep(desk: Desk) -> None:
    job = new(due_at=datetime.now(UTC) - LATER)
    await enqueue(desk, job)
    await sweep(desk.database)

    assert [one.id for one in await desk.claim()] == [job.id]


async def test_of_many_only_those_for_later_wait(desk: Desk) -> None:
    now, later = new(), new(due_at=datetime.now(UTC) + LATER, queue="r")

    assert await enqueue(desk, later, now) == (2, {"q"})
    assert [await desk.state(one.id) for one in (now, later)] == ["ready", "scheduled"]


async def test_all_is_kept_that_was_given(desk: Desk) -> None:
    given = {
        "tenant": "t", "priority": 1, "max_tries": 7, "timeout_seconds": 2.5, "step": "s", "payload": {"a": [1]},
        "metadata": {"b": None}, "source_id": "src", "related_dataset_id": "ds", "created_by": "me",
        "batch_id": uuid4(), "schedule_id": uuid4(), "fingerprint": "f", "traceparent": "00-1", "adjust_seconds": 3.0,
    }  # fmt: skip
    job = new(**given)
    await enqueue(desk, job)

    row = await desk.row(job.id)
    assert {name: row[name] for name in given} == given
    line = await desk.database.pool.fetchrow("SELECT * FROM job_events")
    assert [line[name] for name in ("type", "tenant", "kind", "state", "batch_id", "source_id")] == [
        "queued", "t", "k", "ready", given["batch_id"], "src"
    ]  # fmt: skip
