"""How often and how long a job is tried is said where nobody said it, and the same everywhere."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from functions import load_warehouse
from services.jobs.bodies.jobs import Job
from services.jobs.job import NewJob
from services.jobs.processor import BackgroundProcessor
from services.jobs.store import queue
from tests.flow.jobs.counter import Counter, counter


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    async with counter(database_dsn, tmp_path, processing_max_retries=7, job_timeout=90.0) as opened:
        yield opened


def said(body: Any) -> tuple[int, float]:
    return body["max_retries"], body["timeout"]


async def test_what_the_settings_say_holds_where_a_job_says_nothing(desk: Counter) -> None:
    _, submitted = await desk.submit()
    _, read = await desk.ask("GET", f"/job/{submitted['job_id']}")
    _, commanded = await desk.ask("POST", f"/job/{submitted['job_id']}/pause")
    _, batch = await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}]})

    assert [said(body) for body in (submitted, read, commanded, batch["jobs"][0])] == [(7, 90.0)] * 4


@pytest.mark.parametrize("limit", ["max_retries", "timeout"])
def test_the_document_promises_that_they_are_always_said(limit: str) -> None:
    assert "anyOf" not in Job.model_json_schema(mode="serialization")["properties"][limit]


async def test_what_the_job_says_wins(desk: Counter) -> None:
    _, submitted = await desk.submit({"kind": "drill", "max_retries": 0, "timeout": 1.5})

    assert said(submitted) == (0, 1.5)


@pytest.mark.parametrize("asked", [1.1, 0.1, 0.001, 3.14159, 86_399.9])
async def test_a_timeout_is_answered_as_it_was_asked_for(desk: Counter, asked: float) -> None:
    _, submitted = await desk.submit({"kind": "drill", "timeout": asked})

    assert submitted["timeout"] == asked


async def test_a_kind_may_say_how_long_it_takes(desk: Counter) -> None:
    job_id = UUID(int=1)
    async with desk.runtime.database.transaction() as tx:
        await queue.enqueue(
            tx, NewJob(id=job_id, kind=load_warehouse.main.function.kind, queue=load_warehouse.main.function.queue)
        )

    _, body = await desk.ask("GET", f"/job/{job_id}")

    assert said(body) == (7, load_warehouse.main.function.build(desk.runtime).timeout_seconds)
    assert body["timeout"] != 90.0


async def test_a_kind_that_nothing_works_has_the_limits_of_the_settings(desk: Counter) -> None:
    job_id = UUID(int=1)
    async with desk.runtime.database.transaction() as tx:
        await queue.enqueue(tx, NewJob(id=job_id, kind="nobody's", queue="drill"))

    _, body = await desk.ask("GET", f"/job/{job_id}")

    assert said(body) == (7, 90.0)


async def test_nothing_is_retried_where_retries_are_off(database_dsn: str, tmp_path: Path) -> None:
    async with counter(database_dsn, tmp_path, background_retry=False) as desk:
        _, submitted = await desk.submit({"kind": "drill", "max_retries": 5})

    assert submitted["max_retries"] == 0


def test_python_says_the_same(processor: BackgroundProcessor) -> None:
    assert processor.get_job(processor.submit_job(kind="drill")).max_retries == 3
    assert processor.process_batch_sync(jobs=[{}], kind="drill").jobs[0].max_retries == 3
