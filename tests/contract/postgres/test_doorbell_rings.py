"""Doorbells: heard at once here and in other processes, cheap in a crowd, and not missed when they are lost."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from infra.postgres.database import Database
from infra.postgres.doorbell import CHANNEL, Doorbell
from infra.runtime.configuration.settings import read_settings
from infra.runtime.runtime import Runtime, open_runtime
from services.jobs.function import works
from services.jobs.job import Done, Job, Outcome, Work
from tests.contract.jobs.rig import Desk

PATIENCE = 5.0
LISTENING = "SELECT pid FROM pg_stat_activity WHERE query ILIKE $1 AND datname = current_database()"


@asynccontextmanager
async def doorbell(dsn: str, *, listening: bool = True) -> AsyncIterator[tuple[Database, Doorbell]]:
    """The bells of a process of its own."""
    database = await Database.connect(dsn)
    made = Doorbell(database)
    if listening:
        await made.open()
        await listener(database)
    yield database, made
    await made.close()
    await database.close()


async def listener(database: Database, *, but: int | None = None) -> int:
    """The server process of a listening connection, as soon as there is one."""
    async with asyncio.timeout(PATIENCE):
        while True:
            found = await database.pool.fetch(LISTENING, f"LISTEN%{CHANNEL}%")
            if fresh := [int(row["pid"]) for row in found if row["pid"] != but]:
                return fresh[0]
            await asyncio.sleep(0.01)


@asynccontextmanager
async def eavesdropping(dsn: str) -> AsyncIterator[list[str]]:
    """Every notification as it goes over the wire."""
    heard: list[str] = []
    connection: Any = await asyncpg.connect(dsn)
    await connection.add_listener(CHANNEL, lambda *args: heard.append(args[3]))
    yield heard
    await connection.close()


async def anybody(heard: list[str]) -> list[str]:
    async with asyncio.timeout(PATIENCE):
        while not heard:  # noqa: ASYNC110  # a list sets no events
            await asyncio.sleep(0.01)
    return heard


async def rings(bells: Doorbell, queue: str) -> bool:
    try:
        await asyncio.wait_for(bells.bell(queue).wait(), PATIENCE)
    except TimeoutError:
        return False
    return True


async def test_another_process_hears_what_was_committed(database_dsn: str) -> None:
    async with doorbell(database_dsn, listening=False) as (database, _), doorbell(database_dsn) as (_, other):
        async with database.transaction() as tx:
            tx.ring("store", "load")

        assert await rings(other, "store")
        assert await rings(other, "load")
        assert not other.bell("poll").is_set()


async def test_nobody_hears_what_was_rolled_back(database_dsn: str) -> None:
    async with doorbell(database_dsn) as (database, bells), eavesdropping(database_dsn) as heard:
        with contextlib.suppress(KeyError):
            async with database.transaction() as tx:
                tx.ring("store")
                raise KeyError
        bells.ring("end")

        assert await anybody(heard) == ["end"]
    assert not bells.bell("store").is_set()


async def test_a_crowd_of_commits_is_one_notification(database_dsn: str) -> None:
    async with doorbell(database_dsn) as (_, bells), eavesdropping(database_dsn) as heard:
        for number in range(1000):
            bells.ring("store" if number % 2 else "load")
        await anybody(heard)
        await asyncio.sleep(0.1)

        assert heard == ["load,store"]


async def test_a_ring_before_the_wait_is_not_lost(database: Database) -> None:
    bells = Doorbell(database)
    bells.bell("store").set()

    async with asyncio.timeout(1):
        await bells.wait("store", timeout=3600)

    assert not bells.bell("store").is_set()


async def test_whoever_waits_looks_by_itself_after_a_while(database: Database) -> None:
    async with asyncio.timeout(1):
        await Doorbell(database).wait("store", timeout=0.01)


async def test_a_broken_line_is_mended(database_dsn: str) -> None:
    async with doorbell(database_dsn, listening=False) as (database, _), doorbell(database_dsn) as (_, other):
        broken = await listener(database)
        await database.pool.execute("SELECT pg_terminate_backend($1)", broken)
        await listener(database, but=broken)

        async with database.transaction() as tx:
            tx.ring("store")

        assert await rings(other, "store")


async def test_a_closed_doorbell_is_silent(database_dsn: str) -> None:
    async with doorbell(database_dsn) as (database, bells):
        await bells.close()
        before = asyncio.all_tasks()
        async with database.transaction() as tx:
            tx.ring("store")

        assert not bells.bell("store").is_set()
        assert asyncio.all_tasks() == before


@pytest.fixture
async def deaf(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    """A process that hears no bell at all."""
    for name in [name for name in os.environ if name.startswith(("HEADRACE_", "BACKGROUND_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROCESSING_POLL_INTERVAL", "1")
    settings = read_settings(database_url=database_dsn, data_dir=tmp_path)
    async with open_runtime(settings) as runtime:
        await runtime.doorbell.close()
        yield runtime


async def test_when_every_bell_is_lost_all_jobs_are_done_all_the_same(deaf: Runtime, database: Database) -> None:
    async def run(job: Job) -> Outcome:
        return Done()

    desk, stop = Desk(database), asyncio.Event()
    serving = asyncio.create_task(works(queue="q", kind="k")(lambda _: Work(run=run)).serve(deaf, stop))
    for _ in range(2):
        [job_id] = await desk.queue()
        async with asyncio.timeout(3):  # it looks once a second
            await desk.reaches(job_id, "completed")
    stop.set()
    await serving


async def test_who_rang_nobody_waits_for_nothing(database_dsn: str) -> None:
    async with doorbell(database_dsn, listening=False) as (_, bell), asyncio.timeout(PATIENCE):
        bell.ring()
        await bell.settle()


async def test_what_rings_is_carried_too_and_that_can_be_waited_for(database_dsn: str) -> None:
    carried: list[list[str]] = []

    async def carry(queues: Sequence[str]) -> None:
        await asyncio.sleep(0.01)
        carried.append(list(queues))

    async with doorbell(database_dsn, listening=False) as (database, bell), asyncio.timeout(PATIENCE):
        bell.carry = carry
        async with database.transaction() as tx:
            tx.ring("b", "a")
        bell.ring("a")
        await bell.settle()
        assert carried == [["a", "b"]]

        for _ in range(100):
            bell.ring("c")
        await bell.settle()
        assert carried == [["a", "b"], ["c"]]


async def test_a_ring_that_cannot_be_carried_holds_nobody_up(database_dsn: str) -> None:
    async def carry(_: Sequence[str]) -> None:
        raise ConnectionRefusedError

    async with doorbell(database_dsn, listening=False) as (_, bell), asyncio.timeout(PATIENCE):
        bell.carry = carry
        with capture_logs() as said:
            bell.ring("a")
            await bell.settle()

    assert [line["event"] for line in said] == ["doorbell lost"]
