"""A worker that died on the way leaves a job that ends as it would have."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.intake.importing import Desk, importing

ROWS = b"a,b\n1,2\n"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def gone(desk: Desk, job_id: str) -> None:
    """What a worker leaves that dies once it has removed the file and before it has said what became of it."""
    await desk.runtime.lake.delete((await desk.job(job_id))["payload"]["object_name"])


async def test_a_duplicate_whose_file_is_gone_already_names_the_first(desk: Desk) -> None:
    first = await desk.dataset(ROWS)
    second = await desk.accepted(ROWS, "again.csv")
    await gone(desk, second)
    await desk.work()
    row = await desk.job(second)

    assert (row["state"], row["result"]["duplicate_of"]) == ("completed", first["id"])
    assert row["related_dataset_id"] == first["id"]


async def test_control_a_file_that_is_gone_and_was_never_imported_is_said_to_be_gone(desk: Desk) -> None:
    job_id = await desk.accepted(ROWS)
    await gone(desk, job_id)
    await desk.work()
    row = await desk.job(job_id)

    assert (row["state"], row["error_code"]) == ("failed", "UPLOAD_GONE")
