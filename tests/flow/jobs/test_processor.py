"""The Python face over a real database: code that is not async, threads, callbacks, and the end of it all."""

import asyncio
import math
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from infra.postgres.database import Database
from infra.runtime.configuration.settings import SettingsRefused
from infra.runtime.http.invalid import InvalidRequest
from services.jobs.job_id import JobNotFound
from services.jobs.kinds import KindNotAccepted
from services.jobs.processor import (
    BackgroundProcessor,
    FileNeedsKind,
    ProcessingPriority,
    ProcessingStatus,
    ProcessorStopped,
    create_background_processor,
)
from tests.flow.jobs.python_face import PATIENCE, over, until


def test_a_submitted_job_is_worked_in_this_process(processor: BackgroundProcessor) -> None:
    job_id = processor.submit_job(
        kind="drill",
        payload={"steps": ["extracting", "loading"], "result": {"pages": 3}},
        priority=ProcessingPriority.HIGH,
        metadata={"source": "admin_upload"},
        max_retries=1,
        timeout=60,
    )

    job = over(processor, job_id)
    assert (job.job_id, job.kind, job.status, job.progress) == (job_id, "drill", ProcessingStatus.COMPLETED, 100.0)
    assert (job.priority, job.max_retries, job.retry_count) == (ProcessingPriority.HIGH, 1, 0)
    assert (job.result, job.metadata, job.error_message) == ({"pages": 3}, {"source": "admin_upload"}, None)
    assert job.created_at <= job.started_at <= job.completed_at
    assert processor.get_job_progress(job_id).steps_completed == ["extracting", "loading"]


def test_the_retries_of_the_settings_are_shown_where_a_job_names_none(processor: BackgroundProcessor) -> None:
    assert processor.get_job(processor.submit_job(kind="drill")).max_retries == 3


def test_a_file_without_a_kind_is_refused_with_the_ways_that_take_one(processor: BackgroundProcessor) -> None:
    with pytest.raises(FileNeedsKind, match=r"^document\.pdf was given without a kind$") as told:
        processor.submit_job(file_path="/path/to/document.pdf")

    assert "/api/v1/data-sources/{id}/files" in told.value.recovery


def test_a_file_goes_to_the_kind_that_is_named(processor: BackgroundProcessor) -> None:
    with pytest.raises(InvalidRequest, match=r"^payload\.file_path: "):  # a drill reads none
        processor.submit_job(file_path="/path/to/document.pdf", kind="drill")
    with pytest.raises(KindNotAccepted, match=r"'document' is none of .*drill"):  # made of crawls alone
        processor.submit_job(file_path="/path/to/document.pdf", kind="document")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "kind"),
        ({"kind": "drill", "priority": 5}, "priority"),
        ({"kind": "drill", "max_retries": -1}, "max_retries"),
        ({"kind": "drill", "timeout": 0}, "timeout"),
        ({"kind": "drill", "payload": {"seconds": -1}}, "payload.seconds"),
        ({"kind": "drill", "metadata": {"made": object()}}, "metadata.made"),
    ],
)
def test_what_cannot_be_submitted_is_refused_by_its_name(
    processor: BackgroundProcessor, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidRequest, match=f"^{named}: "):
        processor.submit_job(**wrong)


@pytest.mark.parametrize("unknown", [str(UUID(int=404)), "none"])
def test_a_job_that_is_not_there_is_told(processor: BackgroundProcessor, unknown: str) -> None:
    for ask in (processor.get_job, processor.get_job_progress, processor.cancel_job):
        with pytest.raises(JobNotFound):
            ask(unknown)


def test_a_batch_is_one_result_when_all_are_over(processor: BackgroundProcessor) -> None:
    result = processor.process_batch_sync(kind="drill", jobs=[{"result": {"n": 1}}, {"fail": True}, {"seconds": 0.1}])

    assert (result.total_jobs, result.successful, result.failed, result.cancelled) == (3, 2, 1, 0)
    assert [job.status.value for job in result.jobs] == ["completed", "failed", "completed"]
    assert [(error["job_id"], error["code"]) for error in result.errors] == [(result.jobs[1].job_id, "DRILL_FAILED")]
    assert 0.1 <= result.processing_time < PATIENCE


def test_a_batch_that_is_late_is_told_as_it_is_and_goes_on(processor: BackgroundProcessor) -> None:
    result = processor.process_batch_sync(kind="drill", jobs=[{}, {"seconds": 5}], timeout=2)

    assert (result.total_jobs, result.successful, result.failed) == (2, 1, 0)
    assert not result.jobs[1].status.over
    assert over(processor, result.jobs[1].job_id).status is ProcessingStatus.COMPLETED


def test_a_batch_of_files_needs_a_kind_that_takes_files(processor: BackgroundProcessor) -> None:
    with pytest.raises(FileNeedsKind):
        processor.process_batch_sync(file_paths=["a.pdf", "b.pdf"])
    with pytest.raises(KindNotAccepted) as caught:
        processor.process_batch_sync(file_paths=["a.pdf", "b.pdf"], kind="document")

    assert caught.value.extra["index"] == 0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"jobs": [{}], "timeout": math.nan}, "timeout"),
        ({"jobs": [{}], "timeout": "300"}, "timeout"),
        ({"file_paths": "a.pdf"}, "file_paths"),
        ({"file_paths": Path("a.pdf")}, "file_paths"),
    ],
)
async def test_a_batch_that_is_refused_leaves_nothing_behind(
    processor: BackgroundProcessor, database: Database, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidRequest, match=f"^{named}: "):
        await asyncio.to_thread(processor.process_batch_sync, kind="drill", **wrong)

    assert await database.pool.fetchval("SELECT count(*) FROM jobs") == 0


def test_a_job_at_work_is_cancelled(processor: BackgroundProcessor) -> None:
    job_id = processor.submit_job(kind="drill", payload={"seconds": 600})
    until(lambda: processor.get_job(job_id).status is ProcessingStatus.PROCESSING)
    started = time.monotonic()

    processor.cancel_job(job_id)

    assert over(processor, job_id).status is ProcessingStatus.CANCELLED
    assert time.monotonic() - started < 5


def test_while_paused_nothing_is_begun(processor: BackgroundProcessor) -> None:
    processor.pause("drill")
    job_id = processor.submit_job(kind="drill")
    time.sleep(0.5)  # ten times what an idle worker takes

    assert processor.get_job(job_id).status is ProcessingStatus.QUEUED
    processor.resume()
    assert over(processor, job_id).status is ProcessingStatus.COMPLETED


async def test_a_shutdown_gives_back_what_is_worked_here(processor: BackgroundProcessor, database: Database) -> None:
    job_id = processor.submit_job(kind="drill", payload={"seconds": 600})
    await asyncio.to_thread(until, lambda: processor.get_job(job_id).status is ProcessingStatus.PROCESSING)

    processor.shutdown()
    processor.shutdown()

    row = await database.pool.fetchrow("SELECT state, tries, worker FROM jobs")
    assert (row["state"], row["tries"], row["worker"]) == ("ready", 0, None)
    with pytest.raises(ProcessorStopped):
        processor.get_job(job_id)


SCRIPT = """
import sys
from services.jobs.processor import create_background_processor

processor = create_background_processor(data_dir=sys.argv[1])
job_id = processor.submit_job(kind="drill", payload={"seconds": 600})
while processor.get_job(job_id).started_at is None:
    pass
"""


def test_a_setting_that_there_is_not_is_refused_by_its_name() -> None:
    with pytest.raises(SettingsRefused, match=r"^max_worker is no setting$"):
        create_background_processor(max_worker=3)


def test_a_program_that_forgets_to_shut_down_leaves_nothing_running(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("forgetful")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)], check=False, capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr
    left = [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]
    assert left == []
