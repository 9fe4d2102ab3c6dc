"""The faces of the job engine, served, and the one for Python code."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from services.jobs.processor import BackgroundProcessor, create_background_processor
from tests.flow.jobs.reader import Reader, reader


@pytest.fixture
async def reading(database_dsn: str, tmp_path: Path) -> AsyncIterator[Reader]:
    """A reader of jobs."""
    async with reader(database_dsn, tmp_path) as opened:
        yield opened


@pytest.fixture
def processor(database_dsn: str, tmp_path: Path) -> Iterator[BackgroundProcessor]:
    """The engine for code that is not async."""
    with create_background_processor(database_url=database_dsn, data_dir=tmp_path) as made:
        yield made
