"""The faces of the job engine, served, and the one for Python code."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from infra.embedded.lake import Lake
from infra.postgres.database import Database
from schemas.tables import warehouse_tables
from services.jobs.processor import BackgroundProcessor, create_background_processor
from tests.contract.jobs.rig import Desk
from tests.flow.jobs.archive import Archive, Fragile
from tests.flow.jobs.counter import Counter, counter
from tests.flow.jobs.reader import Reader, reader


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Counter]:
    """Where jobs are handed in, with the settings as they come."""
    async with counter(database_dsn, tmp_path) as opened:
        yield opened


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


@pytest.fixture
def archive(database: Database, tmp_path: Path) -> Archive:
    lake = Lake(tmp_path / "lake")
    warehouse = Fragile(tmp_path / "warehouse", lake, warehouse_tables())  # type: ignore[arg-type]  # its columns
    warehouse.refused = set()
    return Archive(Desk(database), database, lake, warehouse)
