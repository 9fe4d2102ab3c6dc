"""Processes for the tests of this folder: none outlives its test."""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from shutil import rmtree

import aiohttp
import pytest

from tests.chaos.black_box import Headrace, Provider
from tests.chaos.firecrawl_box import Firecrawl


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        session._retry_connection = False  # it would send a request again by itself
        yield session


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not below pytest's own folder: every starting pytest closes that to others, PostgreSQL under root too."""
    made = Path(tempfile.mkdtemp(prefix="headrace-chaos-"))
    made.chmod(0o755)
    yield made
    rmtree(made)


@pytest.fixture
async def provider(folder: Path, http: aiohttp.ClientSession) -> AsyncIterator[Provider]:
    running = Provider(folder)
    await running.start(http)
    yield running
    running.kill()


@pytest.fixture
async def firecrawl(folder: Path, http: aiohttp.ClientSession) -> AsyncIterator[Firecrawl]:
    running = Firecrawl(folder)
    await running.start(http)
    yield running
    running.kill()


@pytest.fixture
def headrace(folder: Path) -> Iterator[Callable[..., Headrace]]:
    """Makes systems on the test's folder; whatever is left of them at the end is killed."""
    made: list[Headrace] = []

    def make(*, provider: str, settings: Mapping[str, object], tree: Path | None = None) -> Headrace:
        made.append(Headrace(folder, provider=provider, settings=settings, tree=tree))
        return made[-1]

    yield make
    for one in made:
        one.kill()
        one.kill_postgres()
