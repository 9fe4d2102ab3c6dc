"""Worker processes of a running stack: there while jobs wait, replaced when killed, and none left behind."""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import psutil
import pytest

from infra.postgres.database import Database
from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.chaos.black_box import Headrace
from tests.chaos.program import alive, until

MOST_SECONDS = 8.0
NOWHERE = "http://127.0.0.1:9"
START = Callable[..., Headrace]


def workers(system: Headrace) -> list[psutil.Process]:
    """The processes that work jobs beside the stack."""
    try:
        below = psutil.Process(system.pid).children()
        return [one for one in below if alive(one) and "infra.local.worker" in one.cmdline()]
    except psutil.NoSuchProcess:
        return []


async def drills(database: Database, count: int, **payload: Any) -> None:
    jobs = [NewJob(id=uuid4(), kind="drill", queue="drill", payload=payload) for _ in range(count)]
    async with database.transaction() as tx:
        await queue.enqueue_many(tx, jobs)
    await database.pool.execute("SELECT pg_notify('headrace', 'drill')")


async def holders(database: Database) -> set[str]:
    rows = await database.pool.fetch("SELECT DISTINCT worker FROM jobs WHERE state = 'running'")
    return {str(row["worker"]).rsplit("-", 1)[1] for row in rows}


async def appears(system: Headrace, *, other_than: int = 0) -> psutil.Process:
    async def there() -> list[psutil.Process]:
        return [one for one in workers(system) if one.pid != other_than]

    return (await until("a worker appears", there, seconds=20))[0]


async def works(database: Database, worker: psutil.Process) -> None:
    async def holds() -> bool:
        return str(worker.pid) in await holders(database)

    await until("it works jobs", holds, seconds=20)


async def test_a_backlog_brings_a_second_process_and_idleness_takes_it_away(
    http: aiohttp.ClientSession, headrace: START, database: Database, database_dsn: str
) -> None:
    system = headrace(provider=NOWHERE, settings={"HEADRACE_DATABASE_URL": database_dsn, "MAX_WORKERS": 2})
    await system.start(http)
    await drills(database, 25, seconds=2)

    worker = await appears(system)
    await works(database, worker)

    async def all_done() -> bool:
        left = await database.pool.fetchval("SELECT count(*) FROM jobs WHERE state <> 'completed'")
        assert len(workers(system)) <= 1
        return not left

    async def gone() -> bool:
        return not workers(system)

    await until("all drills are done", all_done, seconds=30)
    await until("it leaves", gone, seconds=25)
    assert await database.pool.fetchval("SELECT max(claims) FROM jobs") == 1
    system.tell(signal.SIGTERM)
    assert await system.ended(seconds=30) == 0


@pytest.fixture
async def busy(
    http: aiohttp.ClientSession, headrace: START, database: Database, database_dsn: str
) -> tuple[Headrace, psutil.Process]:
    """A system under a backlog that outlasts any test, and its worker at work."""
    system = headrace(provider=NOWHERE, settings={"HEADRACE_DATABASE_URL": database_dsn, "MAX_WORKERS": 2})
    await system.start(http)
    await drills(database, 30, seconds=600)
    worker = await appears(system)
    await works(database, worker)
    return system, worker


async def test_a_killed_worker_is_replaced(busy: tuple[Headrace, psutil.Process], database: Database) -> None:
    system, worker = busy

    worker.kill()

    await works(database, await appears(system, other_than=worker.pid))


async def test_a_told_system_takes_its_workers_along_in_time_and_their_jobs_come_back(
    busy: tuple[Headrace, psutil.Process], database: Database
) -> None:
    system, worker = busy
    started = time.monotonic()

    psutil.Process(system.pid).terminate()
    code = await system.ended(seconds=30)

    assert time.monotonic() - started <= MOST_SECONDS, system.last_words()
    assert code == 0
    assert not alive(worker)
    rows = await database.pool.fetch("SELECT state, tries, count(*) AS n FROM jobs GROUP BY 1, 2")
    assert [(row["state"], row["tries"], row["n"]) for row in rows] == [("ready", 0, 30)]


async def test_workers_of_a_killed_system_end_by_themselves(
    busy: tuple[Headrace, psutil.Process], database: Database
) -> None:
    system, worker = busy

    psutil.Process(system.pid).kill()

    async def gone() -> bool:
        return not alive(worker)

    await until("the worker ends", gone, seconds=MOST_SECONDS)
    assert str(worker.pid) not in await holders(database)


async def test_a_worker_that_hangs_does_not_keep_the_system_from_ending(
    busy: tuple[Headrace, psutil.Process], database: Database
) -> None:
    system, worker = busy
    worker.suspend()
    started = time.monotonic()

    psutil.Process(system.pid).terminate()
    code = await system.ended(seconds=30)

    assert time.monotonic() - started <= MOST_SECONDS, system.last_words()
    assert code == 0
    assert not alive(worker)


async def test_one_process_is_enough_where_that_is_the_setting(
    http: aiohttp.ClientSession, headrace: START, database: Database, database_dsn: str
) -> None:
    system = headrace(provider=NOWHERE, settings={"HEADRACE_DATABASE_URL": database_dsn, "MAX_WORKERS": 1})
    await system.start(http)
    await drills(database, 30, seconds=600)

    await asyncio.sleep(6)  # more than twice what brings a second one where it may come

    assert workers(system) == []
    assert len(await holders(database)) == 1


async def test_the_embedded_database_goes_with_the_last_worker_of_a_killed_system(
    http: aiohttp.ClientSession, headrace: START, folder: Path
) -> None:
    system = headrace(provider=NOWHERE, settings={"MAX_WORKERS": 2})
    await system.start(http)
    database = await Database.connect(embedded_dsn(system), size=2)
    await drills(database, 30, seconds=600)
    await works(database, await appears(system))
    await database.close()
    postmaster = system.postgres()
    assert postmaster is not None

    psutil.Process(system.pid).kill()

    async def gone() -> bool:
        return not alive(postmaster)

    await until("nothing is left", gone, seconds=MOST_SECONDS)


def embedded_dsn(system: Headrace) -> str:
    lines = (system.data / "postgres/data/postmaster.pid").read_text().splitlines()
    return f"postgresql://headrace@/headrace?host={lines[4].strip()}&port={lines[3].strip()}"
