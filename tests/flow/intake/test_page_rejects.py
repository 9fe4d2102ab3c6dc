"""What in a file was no row is told with its reason, page by page."""

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flow.intake.importing import Desk, importing
from tests.flow.intake.test_datasets import paged


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def imported(desk: Desk, text: str) -> str:
    """The id of the dataset that a text becomes."""
    job_id = await desk.accepted(io.BytesIO(text.encode()))
    await desk.work()
    return str((await desk.job(job_id))["related_dataset_id"])


@pytest.mark.parametrize("page_size", [1, 7, 200])
async def test_rejects_are_paged_in_the_order_of_the_file(desk: Desk, page_size: int) -> None:
    wrong = {2 * n + 3: f"{n},{n},{n}" for n in range(20)}
    dataset_id = await imported(desk, "a,b\n1,2\n" + "".join(f"{line}\n3,4\n" for line in wrong.values()))

    found = await paged(desk, f"/api/v1/datasets/{dataset_id}/rejects", page_size=page_size)

    assert {one["line"]: one["raw"] for one in found} == wrong
    assert [one["line"] for one in found] == sorted(wrong)
    assert {one["reason"] for one in found} == {"TOO MANY COLUMNS"}
    assert all(one["message"] for one in found)


async def test_a_file_of_rows_alone_has_no_rejects(desk: Desk) -> None:
    dataset_id = await imported(desk, "a,b\n1,2\n")

    assert await paged(desk, f"/api/v1/datasets/{dataset_id}/rejects") == []


async def test_rejects_of_a_dataset_that_is_not_there_are_not_found(desk: Desk) -> None:
    dataset_id = await imported(desk, "a,b\n1,2\n3\n")
    assert await desk.delete(f"/api/v1/datasets/{dataset_id}") == 204

    assert (await desk.get(f"/api/v1/datasets/{dataset_id}/rejects"))[0] == 404


async def test_a_page_of_rejects_is_none_of_rows(desk: Desk) -> None:
    dataset_id = await imported(desk, "a,b\n1,2\n3,4\n5\n6\n")
    _, rows = await desk.get(f"/api/v1/datasets/{dataset_id}/rows", page_size=1)

    status, refused = await desk.get(f"/api/v1/datasets/{dataset_id}/rejects", page_token=rows["next_page_token"])

    assert (status, refused["code"]) == (400, "INVALID_REQUEST")
