"""The faces of the job engine, served."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.jobs.reader import Reader, reader


@pytest.fixture
async def reading(database_dsn: str, tmp_path: Path) -> AsyncIterator[Reader]:
    """A reader of jobs."""
    async with reader(database_dsn, tmp_path) as opened:
        yield opened
