"""A worker when PostgreSQL restarts, goes away, or does not finish its answer."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import Runtime, open_runtime
from services.jobs.engine import handling
from services.jobs.engine.leases import Leases
from services.jobs.function import works
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import PATIENCE, Desk, for_ever, record, until
from tests.contract.jobs.wire import Wire


async def end_all_connections(desk: Desk) -> int:
    """What a restart of PostgreSQL does to everybody else."""
    found = await desk.database.pool.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name = 'headrace'"
    )
    return len(found)


async def test_a_job_outlives_a_restart_of_the_database_and_pays_nothing_for_it(desk: Desk, database_dsn: str) -> None:
    away = Desk(await Database.connect(database_dsn))
    [job_id] = await desk.queue()
    going_on = asyncio.Event()

    async def run(job: Job) -> Outcome:
        await going_on.wait()
        return Done(also=record)

    async with away.draining(away.worker(run)):
        await desk.reaches(job_id, "running")
        assert await end_all_connections(desk) > 0
        going_on.set()
        await desk.reaches(job_id, "completed")
    await away.database.close()

    row = await desk.row(job_id)
    assert (row["claims"], row["tries"], await desk.outbox()) == (1, 0, 1)


async def test_restarts_again_and_again_lose_no_job_and_end_none_twice(
    desk: Desk, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handling, "PAUSES", (0.05, 0.1, 0.2, 0.4))
    away = Desk(await Database.connect(database_dsn))
    queued = await desk.queue(40)

    async def run(job: Job) -> Outcome:
        await asyncio.sleep(0.02)
        return Done(also=record)

    async def all_done() -> bool:
        await desk.wake()
        return await desk.states() == {"completed": len(queued)}

    worker = away.worker(run, concurrency=5, lease_seconds=1)
    task = asyncio.create_task(_serve(worker.drain))
    for _ in range(6):
        await asyncio.sleep(0.05)
        await end_all_connections(desk)
    await until(all_done, patience=60)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await away.database.close()

    assert await desk.outbox() == len(queued)


async def _serve(drain: object) -> None:
    while True:
        try:
            await drain(asyncio.Event())  # type: ignore[operator]
        except DatabaseAway:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.05)


async def test_a_running_job_goes_on_while_nothing_can_be_claimed(desk: Desk, remote: tuple[Desk, Wire]) -> None:
    away, line = remote
    [job_id] = await desk.queue()
    ended = asyncio.Event()
    interrupted = False

    async def run(job: Job) -> Outcome:
        nonlocal interrupted
        try:
            await ended.wait()
        except asyncio.CancelledError:
            interrupted = True
            raise
        return Done()

    worker = away.worker(run, lease_seconds=0.6)
    async with away.draining(worker):
        await desk.reaches(job_id, "running")
        line.cut()
        for _ in range(3):  # claims and heartbeats fail meanwhile
            worker.bell.set()
            await asyncio.sleep(0.2)
        line.mend()
        ended.set()
        await desk.reaches(job_id, "completed")

    assert not interrupted


async def test_a_job_that_cannot_be_given_back_is_left_to_its_lease(desk: Desk, remote: tuple[Desk, Wire]) -> None:
    away, line = remote
    [job_id] = await desk.queue()
    worker = away.worker(for_ever)

    async with away.draining(worker):
        await desk.reaches(job_id, "running")
        line.cut()

    assert (await desk.state(job_id), worker.tasks) == ("running", set())
    await desk.change(job_id, "lease_until = now() - interval '1 s'")
    await desk.wake()
    assert await desk.state(job_id) == "ready"


async def test_what_could_not_be_settled_in_time_is_left_to_its_lease(
    desk: Desk, remote: tuple[Desk, Wire], monkeypatch: pytest.MonkeyPatch
) -> None:
    away, line = remote
    monkeypatch.setattr(handling, "PAUSES", (0.01, 0.01))
    [job_id] = await desk.queue()

    async def run(job: Job) -> Outcome:
        line.cut()
        return Done()

    with pytest.raises(DatabaseAway):
        await away.drain(run)

    assert await desk.state(job_id) == "running"


async def test_an_answer_that_was_lost_after_the_commit_changes_nothing(desk: Desk, remote: tuple[Desk, Wire]) -> None:
    away, line = remote
    [job_id] = await desk.queue()

    async def run(job: Job) -> Outcome:
        line.lose_the_answer_to(b"COMMIT;")
        return Done(result={"n": 1}, also=record)

    await away.drain(run)

    row = await desk.row(job_id)
    assert (line.losses, row["state"], row["result"], await desk.outbox()) == (1, "completed", {"n": 1}, 1)


async def test_a_heartbeat_that_fails_is_tried_again(desk: Desk, remote: tuple[Desk, Wire]) -> None:
    away, line = remote
    job = await desk.held()
    leases = Leases(away.database, 0.3)
    task = asyncio.create_task(asyncio.sleep(60))
    leases.keep([job], task)
    beating = asyncio.create_task(leases.beat())
    line.cut()
    await asyncio.sleep(0.25)
    line.mend()
    first = (await desk.row(job.id))["lease_until"]

    async def extended() -> bool:
        return bool((await desk.row(job.id))["lease_until"] != first)

    await until(extended)
    beating.cancel()
    task.cancel()
    await asyncio.gather(beating, task, return_exceptions=True)


@pytest.fixture
async def runtime(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    """A process's runtime over the test's database."""
    for name in [name for name in os.environ if name.startswith(("HEADRACE_", "BACKGROUND_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROCESSING_POLL_INTERVAL", "0.2")  # no sweep rings again what the outage swallowed
    async with open_runtime(read_settings(database_url=database_dsn, data_dir=tmp_path)) as opened:
        yield opened


async def queued(desk: Desk) -> UUID:
    """A new job, as soon as the desk has noticed that its own connections ended too."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with suppress(DatabaseAway):
                [job_id] = await desk.queue()
                return job_id


async def test_a_function_works_its_queue_until_it_is_stopped_whatever_happens_to_the_database(
    desk: Desk, runtime: Runtime
) -> None:
    function = works(queue="q", kind="k")(lambda _: Work(run=_done))
    stop = asyncio.Event()
    serving = asyncio.create_task(function.serve(runtime, stop))
    for _ in range(3):
        await desk.reaches(await queued(desk), "completed")
        await end_all_connections(desk)
    stop.set()

    async with asyncio.timeout(3):
        await serving


async def _done(job: Job) -> Outcome:
    return Done()
