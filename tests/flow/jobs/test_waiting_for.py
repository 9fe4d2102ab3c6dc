"""A job that is not being worked on says why, and what would help."""

from typing import Any
from uuid import UUID

import pytest

from services.jobs.store import queues
from tests.flow.jobs.reader import Reader

DUE = "due_at = '2099-01-01T00:00:00Z'"
FAILED_ONCE = "tries = 1, error_code = 'C', error_message = 'no answer', started_at = now()"

PLAIN = {
    "ready": ("state = 'ready'", "a free worker takes it", None),
    "put off": (f"state = 'scheduled', {DUE}", "it was put off until next_try", "2099-01-01T00:00:00Z"),
    "tried again": (
        f"state = 'scheduled', {DUE}, {FAILED_ONCE}",
        "it failed and is tried again at next_try",
        "2099-01-01T00:00:00Z",
    ),
    "snoozed": (
        f"state = 'scheduled', {DUE}, started_at = now()",
        "it looks again at next_try",
        "2099-01-01T00:00:00Z",
    ),
    "waiting": ("state = 'waiting', started_at = now()", "what it asked for outside has not come yet", None),
    "paused": ("state = 'paused'", "somebody paused the job; resume lets it go on where it was", None),
}


async def waiting_for(reading: Reader, job_id: UUID) -> Any:
    return (await reading.read(f"/api/background/job/{job_id}"))["waiting_for"]


@pytest.mark.parametrize(("columns", "reason", "next_try"), PLAIN.values(), ids=PLAIN)
async def test_a_job_says_what_it_waits_for(reading: Reader, columns: str, reason: str, next_try: str | None) -> None:
    [job_id] = await reading.queue(columns=columns)

    found = await waiting_for(reading, job_id)

    failed = FAILED_ONCE in columns
    assert found == {
        "reason": reason,
        "last_error": "no answer" if failed else None,
        "tries": int(failed),
        "next_try": next_try,
    }


@pytest.mark.parametrize("columns", ["state = 'ready'", f"state = 'scheduled', {DUE}", "state = 'waiting'"])
@pytest.mark.parametrize(
    ("paused", "reason"),
    [
        ("q", "queue q is paused; POST /api/background/queue/resume"),
        ("*", "all queues are paused; POST /api/background/queue/resume"),
        ("other", None),
    ],
)
async def test_a_paused_queue_is_the_reason_of_all_that_wait_in_it(
    reading: Reader, columns: str, paused: str, reason: str | None
) -> None:
    [job_id] = await reading.queue(columns=columns)
    async with reading.counter.runtime.database.transaction() as tx:
        await queues.pause(tx, paused)

    found = await waiting_for(reading, job_id)

    if reason is None:
        assert "is paused" not in found["reason"]
    else:
        assert (found["reason"], found["next_try"]) == (reason, None)


@pytest.mark.parametrize(
    "columns", ["state = 'running', started_at = now()", "state = 'completed', finished_at = now()"]
)
async def test_a_job_at_work_or_over_waits_for_nothing(reading: Reader, columns: str) -> None:
    [job_id] = await reading.queue(columns=columns)
    async with reading.counter.runtime.database.transaction() as tx:
        await queues.pause(tx, "q")

    assert await waiting_for(reading, job_id) is None


@pytest.mark.parametrize(
    ("limits", "tenants", "reason"),
    [
        (queues.Limits(concurrency=2), ("default", "other"), "as many jobs of queue q run as may at once"),
        (queues.Limits(concurrency=3), ("default", "other"), "a free worker takes it"),
        (queues.Limits(tenant_concurrency=2), ("default", "default"), "as many jobs of this tenant run on queue q"),
        (queues.Limits(tenant_concurrency=2), ("default", "other"), "a free worker takes it"),
    ],
)
async def test_a_limit_that_is_reached_is_the_reason(
    reading: Reader, limits: queues.Limits, tenants: tuple[str, ...], reason: str
) -> None:
    for tenant in tenants:
        await reading.queue(tenant=tenant, columns="state = 'running', started_at = now()")
    [job_id] = await reading.queue()
    async with reading.counter.runtime.database.transaction() as tx:
        await queues.limit(tx, "q", limits)

    assert (await waiting_for(reading, job_id))["reason"].startswith(reason)
