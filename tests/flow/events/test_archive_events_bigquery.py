"""Events that leave for BigQuery are the same rows there."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra.gcp.bigquery import BigQueryWarehouse
from infra.gcp.storage import StorageLake
from infra.postgres.database import Database
from schemas.tables import warehouse_tables
from tests.flow.events.event_archive import NOW, OLD, EventArchive


@pytest.fixture
def far(database: Database, storage_emulator: str, bigquery_emulator: str) -> EventArchive:
    """An event log whose old days leave for a dataset of their own."""
    name, tables = f"test_{uuid4().hex}", warehouse_tables()
    lake: Any = StorageLake("warehouse-flow", prefix=name, project="local", emulator=storage_emulator)
    warehouse: Any = BigQueryWarehouse("local", name, lake, tables, emulator=bigquery_emulator)  # type: ignore[arg-type]
    return EventArchive(database, lake, warehouse)


async def test_an_event_is_found_in_bigquery_as_it_was_told(far: EventArchive) -> None:
    data = {"attempt": 1, "error": 'it\'s "so" \\ é'}
    [event_id] = await far.told(data=data)

    assert await far.run() == 1

    row = await far.row(event_id)
    assert (row["event_id"], row["type"], row["source"]) == (event_id, "crawl.failed", "//headrace/crawls")
    assert (row["subject"], row["time"], row["data"]) == ("crawl-1", NOW - timedelta(days=OLD), data)
    assert await far.here() == []
    assert OLD not in await far.days()
