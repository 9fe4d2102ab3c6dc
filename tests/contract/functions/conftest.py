"""Functions in processes of their own, on a database of the test's."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.contract.functions.deployed import Deployed, function, service

Deploy = Callable[..., Deployed]


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
        yield session


@pytest.fixture
def deploy(database_dsn: str, tmp_path: Path) -> Iterator[Deploy]:
    """Start a function; it is gone after the test."""
    made: list[Deployed] = []

    def start(name: str, **settings: str) -> Deployed:
        made.append(Deployed(function(name), tmp_path, **{"HEADRACE_DATABASE_URL": database_dsn, **settings}))
        return made[-1]

    yield start
    for one in made:
        one.kill()


@pytest.fixture
def serve(database_dsn: str, tmp_path: Path) -> Iterator[Deploy]:
    """Start a service's face; it is gone after the test."""
    made: list[Deployed] = []

    def start(name: str, **settings: str) -> Deployed:
        made.append(Deployed(service(name), tmp_path, **{"HEADRACE_DATABASE_URL": database_dsn, **settings}))
        return made[-1]

    yield start
    for one in made:
        one.kill()
