"""Callbacks of the Python face: in order, from one thread, whoever works the jobs."""

import asyncio
import threading
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from infra.postgres.database import Database
from infra.runtime.auth.caller import HOME
from services.jobs.commanding.retry_job import retry_job
from services.jobs.engine.worker import Worker
from services.jobs.job import Done, Job, NewJob, Outcome, Work
from services.jobs.kinds import kinds
from services.jobs.processor import (
    BackgroundProcessor,
    ProcessingProgress,
    ProcessingStatus,
    ProcessorStopped,
)
from services.jobs.python import callbacks
from services.jobs.store import queue
from tests.flow.jobs.python_face import PATIENCE, over, until


def test_a_callback_hears_every_update_in_order_from_one_thread(processor: BackgroundProcessor) -> None:
    told: list[ProcessingProgress] = []
    threads: set[int] = set()

    def on_progress(progress: ProcessingProgress) -> None:
        threads.add(threading.get_ident())
        told.append(progress)

    processor.register_progress_callback(on_progress)
    first = processor.submit_job(kind="drill", payload={"seconds": 0.5, "steps": ["classifying", "extracting"]})
    second = processor.submit_job(kind="drill", payload={"stumbles": 1})
    for job_id in (first, second):
        over(processor, job_id)
    processor.shutdown()

    of_first = [one for one in told if one.job_id == first]
    assert [one.progress for one in of_first] == sorted(one.progress for one in of_first)
    assert list(dict.fromkeys(one.status.value for one in of_first)) == [
        "queued",
        "processing",
        "classifying",
        "extracting",
        "completed",
    ]
    assert {(one.status.value, one.current_step, *one.steps_completed) for one in of_first} == {
        ("queued", None),
        ("processing", None),
        ("classifying", "classifying"),
        ("extracting", "extracting", "classifying"),
        ("completed", None, "classifying", "extracting"),
    }
    assert "retrying" in [one.status.value for one in told if one.job_id == second]
    assert len(threads) == 1
    assert threads != {threading.get_ident()}


def test_an_update_says_how_the_job_was_then_not_how_it_is_now(processor: BackgroundProcessor) -> None:
    told: list[ProcessingProgress] = []
    processor.register_progress_callback(told.append)
    job_id = processor.submit_job(kind="drill", payload={"steps": ["a", "b", "a"], "fail": True})
    over(processor, job_id)
    processor._host.run(_again(processor, job_id))
    until(lambda: sum(one.status.over for one in told) == 2)
    processor.shutdown()

    steps = [(one.current_step, *one.steps_completed) for one in told]
    each = [(None,), ("a",), ("b", "a"), ("a", "a", "b")]
    assert list(dict.fromkeys(steps)) == each  # the second attempt says the same again
    assert steps.count(("a",)) == 2 * steps[: steps.index(("b", "a"))].count(("a",))


def test_a_callback_is_told_why_as_everybody_is(processor: BackgroundProcessor) -> None:
    told: list[ProcessingProgress] = []
    processor.register_progress_callback(told.append)
    job_id = processor.submit_job(kind="drill", payload={"stumbles": 1, "fail": True})
    over(processor, job_id)
    shown = processor.get_job_progress(job_id)
    processor.shutdown()

    assert told[-1].status is ProcessingStatus.FAILED
    assert told[-1].message == shown.message == "The drill failed, as it was told to"
    assert "stumbled 1 of 1 times" in [one.message for one in told if one.status is ProcessingStatus.RETRYING]


def test_a_callback_that_raises_harms_nobody(processor: BackgroundProcessor) -> None:
    told: list[str] = []

    def broken(progress: ProcessingProgress) -> None:
        raise ValueError(progress.job_id)

    with capture_logs() as logs:
        processor.register_progress_callback(broken)
        processor.register_progress_callback(lambda progress: told.append(progress.status.value))
        over(processor, processor.submit_job(kind="drill"))
        until(lambda: "completed" in told)
        processor.shutdown()

    assert (told[0], told[-1]) == ("queued", "completed")
    assert [line["event"] for line in logs].count("a progress callback failed") == len(told)


def test_many_threads_that_register_at_once_share_one_thread_of_calls(processor: BackgroundProcessor) -> None:
    heard: list[tuple[str, str]] = []
    start = threading.Barrier(8)

    def register(name: str) -> None:
        start.wait()
        processor.register_progress_callback(lambda one: heard.append((name, one.status.value)))

    threads = [threading.Thread(target=register, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    over(processor, processor.submit_job(kind="drill"))
    until(lambda: sum(status == "completed" for _, status in heard) == 8)

    assert sum(thread.name == "headrace-callbacks" for thread in threading.enumerate()) == 1
    assert len({name for name, _ in heard}) == 8


def test_a_callback_that_wants_to_exit_silences_nobody(processor: BackgroundProcessor) -> None:
    heard: list[str] = []

    def leaving(_: ProcessingProgress) -> None:
        raise SystemExit

    processor.register_progress_callback(leaving)
    processor.register_progress_callback(lambda one: heard.append(one.status.value))
    over(processor, processor.submit_job(kind="drill"))

    until(lambda: "completed" in heard)


def test_a_callback_that_never_returns_does_not_hold_up_the_end(
    processor: BackgroundProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "PATIENCE_SECONDS", 0.1)
    stuck, released = threading.Event(), threading.Event()

    def sticking(_: ProcessingProgress) -> None:
        stuck.set()
        released.wait()

    processor.register_progress_callback(sticking)
    processor.submit_job(kind="drill")
    assert stuck.wait(PATIENCE)

    processor.shutdown()
    released.set()


def test_a_callback_may_ask_and_command(processor: BackgroundProcessor) -> None:
    seen: list[ProcessingStatus] = []
    followed: list[str] = []

    def on_progress(progress: ProcessingProgress) -> None:
        seen.append(processor.get_job(progress.job_id).status)
        if progress.status.over and not followed:
            followed.append(processor.submit_job(kind="drill"))

    processor.register_progress_callback(on_progress)
    over(processor, processor.submit_job(kind="drill"))

    assert over(processor, until(lambda: followed)[0]).status is ProcessingStatus.COMPLETED
    assert ProcessingStatus.COMPLETED in seen


def test_a_callback_may_end_it_all(processor: BackgroundProcessor) -> None:
    done = threading.Event()

    def on_progress(progress: ProcessingProgress) -> None:
        processor.shutdown()
        done.set()

    processor.register_progress_callback(on_progress)
    processor.submit_job(kind="drill")

    assert done.wait(PATIENCE)
    with pytest.raises(ProcessorStopped):
        processor.submit_job(kind="drill")


async def test_a_callback_hears_of_jobs_that_others_work(processor: BackgroundProcessor, database: Database) -> None:
    async def run(_: Job) -> Outcome:
        return Done()

    told: list[str] = []
    processor.register_progress_callback(lambda progress: told.append(progress.status.value))
    async with database.transaction() as tx:
        await queue.enqueue(tx, NewJob(id=uuid4(), kind="k", queue="nobody's here"))
    worker = Worker(database=database, queue="nobody's here", work={"k": Work(run=run)}, name="other")

    await worker.drain(asyncio.Event())

    await asyncio.to_thread(until, lambda: told == ["queued", "processing", "completed"])


async def _again(processor: BackgroundProcessor, job_id: str) -> None:
    runtime = processor._host.runtime
    await retry_job(UUID(job_id), tenant=HOME, kinds=runtime.once(kinds), room=10, database=runtime.database)


async def test_what_commits_late_is_heard_too(processor: BackgroundProcessor, database: Database) -> None:
    told: list[str] = []
    processor.register_progress_callback(lambda progress: told.append(progress.job_id))
    late, early = (NewJob(id=uuid4(), kind="k", queue="nobody's here") for _ in range(2))

    async with database.transaction() as slow:
        await queue.enqueue(slow, late)
        async with database.transaction() as quick:
            await queue.enqueue(quick, early)
        await asyncio.sleep(0.6)  # more than two looks
        assert told == []  # control: who reads by number alone has passed the late one by now

    await asyncio.to_thread(until, lambda: told == [str(late.id), str(early.id)])
