"""One job: GET /api/v2/jobs/{id}, GET /api/background/job/{id} and what lies below it."""

import pytest

from services.jobs.store import held
from services.jobs.sweep import sweep
from tests.flow.jobs.reader import STRANGERS, Reader

PATHS = [
    "/api/v2/jobs/{}",
    "/api/background/job/{}",
    "/api/background/job/{}/progress",
    "/api/background/job/{}/events",
]
FIXED = (
    "job_id kind status priority progress current_step steps_completed created_at started_at completed_at retry_count"
    " max_retries error_message error result metadata related_dataset_id source_id"
)


async def test_a_job_is_shown_with_every_field(reading: Reader) -> None:
    [job_id] = await reading.queue(max_tries=4, metadata={"a": 1}, source_id="s", related_dataset_id="d")

    body = await reading.read(f"/api/background/job/{job_id}")

    assert set(FIXED.split()) <= set(body)
    assert (body["job_id"], body["status"], body["priority"], body["max_retries"]) == (
        str(job_id),
        "queued",
        "NORMAL",
        3,
    )
    assert (body["progress"], body["metadata"], body["error"]) == (0, {"a": 1}, None)


async def test_a_job_whose_workers_end_says_how_many_took_it(reading: Reader) -> None:
    database = reading.counter.runtime.database
    [job_id] = await reading.queue(max_tries=4)
    for _ in range(3):
        async with database.transaction() as tx:
            await held.claim_one(tx, job_id, lease_seconds=60, worker="w")
        await database.pool.execute("UPDATE jobs SET lease_until = now() - interval '1 s' WHERE id = $1", job_id)
        await sweep(database)

    body = await reading.read(f"/api/background/job/{job_id}")

    assert (body["status"], body["retry_count"], body["claims"]) == ("processing", 0, 3)


async def test_a_failed_job_says_why_and_what_helps(reading: Reader) -> None:
    [job_id] = await reading.queue(
        columns="state = 'failed', finished_at = now(), error_class = 'data', error_code = 'C', error_message = 'm',"
        " error_stage = 's', error_recovery = 'r'"
    )

    body = await reading.read(f"/api/background/job/{job_id}")

    assert body["error"] == {"class": "data", "code": "C", "stage": "s", "message": "m", "recovery": "r"}
    assert (await reading.read(f"/api/v2/jobs/{job_id}"))["error"] == "m"


async def test_progress_is_0_to_100_with_the_steps(reading: Reader) -> None:
    [job_id] = await reading.queue(
        columns="state = 'running', started_at = now(), progress = 4.5, step = 'extracting', message = 'page 3',"
        " steps_completed = '{classifying}'"
    )

    body = await reading.read(f"/api/background/job/{job_id}/progress")

    assert body == {
        "job_id": str(job_id),
        "status": "extracting",
        "progress": 4.5,
        "current_step": "extracting",
        "steps_completed": ["classifying"],
        "estimated_time_remaining": None,
        "message": "page 3",
    }


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("path", PATHS)
async def test_an_id_nobody_has_is_not_found(reading: Reader, path: str, stranger: str) -> None:
    status, problem = await reading.get(path.format(stranger))

    assert (status, problem["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", PATHS)
async def test_a_job_of_another_tenant_is_not_found(reading: Reader, path: str) -> None:
    [foreign] = await reading.queue(tenant="other")
    [own] = await reading.queue()

    assert (await reading.get(path.format(foreign)))[0] == 404
    assert (await reading.get(path.format(own)))[0] == 200
