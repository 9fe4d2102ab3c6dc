"""The event log and where it goes."""

from pathlib import Path

import pytest

from infra.embedded.lake import Lake
from infra.postgres.database import Database
from schemas.tables import warehouse_tables
from tests.flow.events.event_archive import EventArchive
from tests.flow.jobs.archive import Fragile


@pytest.fixture
def log(database: Database, tmp_path: Path) -> EventArchive:
    lake = Lake(tmp_path / "lake")
    warehouse = Fragile(tmp_path / "warehouse", lake, warehouse_tables())  # type: ignore[arg-type]  # its columns
    warehouse.refused = set()
    return EventArchive(database, lake, warehouse)
