"""A function that works a queue, from the enqueued job to the settled one."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from structlog.testing import capture_logs

from infra.runtime.configuration.settings import read_settings
from infra.runtime.configuration.variables import defaults
from infra.runtime.runtime import ForeignLake, Runtime, open_runtime
from services.jobs.function import Working, works
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import PATIENCE, Desk, Notes, for_ever, until


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in defaults():
        monkeypatch.delenv(one.name, raising=False)


@pytest.fixture
async def runtime(database_dsn: str, tmp_path: Path) -> AsyncIterator[Runtime]:
    """One process of the system."""
    async with open_runtime(read_settings(database_url=database_dsn, data_dir=tmp_path)) as opened:
        yield opened


def working(run: object, *, concurrency: int = 10) -> Working:
    return works(queue="q", kind="k", concurrency=lambda _: concurrency)(lambda _: Work(run=run))  # type: ignore[arg-type]


async def _all(desk: Desk, state: str, count: int) -> bool:
    return await desk.states() == {state: count}


async def _said(lines: list[Any], what: str) -> bool:
    return what in {line["event"] for line in lines}


def test_a_function_says_which_queue_and_kind_it_works() -> None:
    assert working(for_ever).trigger == {"queue": "q", "kind": "k", "doorbells": ["doorbell.q"]}


async def test_a_job_starts_as_soon_as_it_is_queued(runtime: Runtime) -> None:
    desk, stop, notes = Desk(runtime.database), asyncio.Event(), Notes()
    serving = asyncio.create_task(working(notes).serve(runtime, stop))
    for _ in range(5):
        [job_id] = await desk.queue()
        await desk.reaches(job_id, "completed")
    stop.set()
    runtime.doorbell.ring("q")
    await serving

    assert len(notes.had) == 5
    assert runtime.settings.processing_poll_interval > PATIENCE  # only the bell can be this fast


async def test_a_job_starts_as_soon_as_it_is_queued_while_a_long_one_runs(
    runtime: Runtime,
) -> None:
    desk, stop = Desk(runtime.database), asyncio.Event()

    async def run(job: Job) -> Outcome:
        return await for_ever(job) if job.payload else Done()

    serving = asyncio.create_task(working(run).serve(runtime, stop))
    [long] = await desk.queue(payload={"long": True})
    await desk.reaches(long, "running")
    [short] = await desk.queue()
    await desk.reaches(short, "completed")
    stop.set()
    await serving

    assert await desk.state(long) == "ready"


async def test_a_stop_is_obeyed_within_a_second_or_two(runtime: Runtime) -> None:
    desk, stop = Desk(runtime.database), asyncio.Event()
    await desk.queue(10)
    serving = asyncio.create_task(working(for_ever).serve(runtime, stop))
    await until(lambda: _all(desk, "running", 10))

    began = monotonic()
    stop.set()
    await serving

    assert monotonic() - began < 2.5
    assert await desk.states() == {"ready": 10}


async def test_a_function_whose_handler_cannot_be_claimed_for_does_not_give_up(
    runtime: Runtime,
) -> None:
    desk, stop = Desk(runtime.database), asyncio.Event()
    await runtime.database.pool.execute("ALTER TABLE queues RENAME TO hidden")
    with capture_logs() as said:
        serving = asyncio.create_task(working(Notes()).serve(runtime, stop))
        await until(lambda: _said(said, "queue could not be worked"))
    await runtime.database.pool.execute("ALTER TABLE hidden RENAME TO queues")
    runtime.doorbell.ring("q")

    [job_id] = await desk.queue()
    await desk.reaches(job_id, "completed")
    stop.set()
    await serving


async def test_a_process_with_another_lake_is_refused(runtime: Runtime, database_dsn: str, tmp_path: Path) -> None:
    other = read_settings(database_url=database_dsn, data_dir=tmp_path / "other")

    with pytest.raises(ForeignLake):
        async with open_runtime(other):
            pass


async def test_what_a_context_builds_is_built_once_a_process(runtime: Runtime) -> None:
    def build(_: Runtime) -> object:
        return object()

    assert runtime.once(build) is runtime.once(build)
