"""Jobs that leave for BigQuery answer from there as they did before."""

from typing import Any
from uuid import uuid4

import pytest

from infra.gcp.bigquery import BigQueryWarehouse
from infra.gcp.storage import StorageLake
from infra.postgres.database import Database
from schemas.tables import warehouse_tables
from services.jobs.job_id import JobNotFound
from tests.contract.jobs.rig import Desk
from tests.flow.jobs.archive import Archive


@pytest.fixture
def far(database: Database, storage_emulator: str, bigquery_emulator: str) -> Archive:
    """A desk whose jobs leave for a dataset of their own."""
    name, tables = f"test_{uuid4().hex}", warehouse_tables()
    lake: Any = StorageLake("warehouse-flow", prefix=name, project="local", emulator=storage_emulator)
    warehouse: Any = BigQueryWarehouse("local", name, lake, tables, emulator=bigquery_emulator)  # type: ignore[arg-type]
    return Archive(Desk(database), database, lake, warehouse)


async def test_an_archived_job_answers_as_it_did_before(far: Archive) -> None:
    job_id = await far.finished(metadata={"quoted": 'it\'s "so" \\ é'})
    before = await far.find(job_id)
    moved = await far.run()

    after = await far.find(job_id)
    assert (moved, await far.live()) == (1, set())
    assert after == before
    assert await far.run() == 0


async def test_an_archived_job_of_another_tenant_is_unknown(far: Archive) -> None:
    job_id = await far.finished()
    await far.run()

    with pytest.raises(JobNotFound):
        await far.find(job_id, tenant="other")


async def test_many_jobs_leave_in_one_load(far: Archive) -> None:
    ids = [await far.finished() for _ in range(5)]
    await far.run()

    rows = await far.warehouse.query("SELECT COUNT(*) AS jobs, COUNT(DISTINCT load_id) AS loads FROM job_history")
    assert rows == [{"jobs": len(ids), "loads": 1}]
