"""The stores of the comparison: durable, on a disk, and nobody else's."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.postgres import server
from tests.benchmarks.stores import Postgres, Redis, redis_server


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A place on the disk: in memory a flush would cost nothing, and prove nothing."""
    made = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def postgres(folder: Path) -> Iterator[Postgres]:
    """The server that Headrace brings, with the settings it has for everybody."""
    embedded = asyncio.run(server.start(folder))
    assert embedded.pid is not None
    try:
        yield Postgres(embedded.dsn, embedded.pid)
    finally:
        asyncio.run(embedded.leave())


@pytest.fixture(scope="session")
def redis(folder: Path) -> Iterator[Redis | None]:
    """A Redis that flushes every write, as PostgreSQL does; None where this machine has none."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with redis_server(program, folder) as store:
        yield store
