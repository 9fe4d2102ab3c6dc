"""A file becomes a dataset, step by step."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.data_sources.built_in import files_of
from tests.flow.intake.importing import Desk, importing

ROWS = b"id;name;price;day\n007;Zo\xeb;1.50;2024-01-01\n008;b;2;2024-02-29\n"
STEPS = [
    (10, "format_validation"),
    (20, "duplicate_check"),
    (40, "stored_in_lake"),
    (70, "parsed"),
    (90, "ndjson_stored"),
]


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def test_an_upload_is_answered_with_its_job(desk: Desk) -> None:
    status, body = await desk.upload(ROWS, "products.csv", supplier_id="s-1", metadata='{"season": "w"}')

    assert (status, body["status"], body["resource_type"], body["resource"]) == (202, "queued", "file", "products.csv")
    assert body["source_id"] == str(files_of("default"))
    assert body["created_by"] == "anna"
    told = {"filename": "products.csv", "size_bytes": len(ROWS), "supplier_id": "s-1", "season": "w"}
    assert body["job_metadata"] == told


async def test_a_file_becomes_a_dataset(desk: Desk) -> None:
    row = await desk.imported(ROWS, "products.csv", supplier_id="s-1")
    _, dataset = await desk.get(f"/api/v1/datasets/{row['result']['dataset_id']}")

    assert (row["state"], row["progress"], row["related_dataset_id"]) == ("completed", 100, dataset["id"])
    assert row["metadata"]["dataset_id"] == dataset["id"]
    assert (dataset["row_count"], dataset["filename"], dataset["encoding"]) == (2, "products.csv", "cp1252")
    assert dataset["columns"] == [
        {"name": "id", "type": "string"},
        {"name": "name", "type": "string"},
        {"name": "price", "type": "number"},
        {"name": "day", "type": "date"},
    ]
    assert (dataset["source_id"], dataset["created_by"]) == (str(files_of("default")), "anna")


async def test_each_step_is_told_as_it_is_reached(desk: Desk) -> None:
    row = await desk.imported(ROWS)

    found = await desk.runtime.database.pool.fetch(
        "SELECT progress, step FROM job_events WHERE job_id = $1 AND step IS NOT NULL ORDER BY id", row["id"]
    )
    told = [(line["progress"], line["step"]) for line in found]
    assert list(dict.fromkeys(told))[: len(STEPS)] == STEPS
    assert told[-1][1] == "dataset_created"
    assert row["progress"] == 100


async def test_the_same_bytes_are_imported_once(desk: Desk) -> None:
    first = await desk.imported(ROWS, "a.csv")
    second = await desk.imported(ROWS, "b.csv")

    assert second["state"] == "completed"
    assert second["result"]["duplicate_of"] == first["result"]["dataset_id"] == second["related_dataset_id"]
    assert "duplicate_of" not in first["result"]
    _, listed = await desk.get("/api/v1/datasets")
    assert [one["id"] for one in listed["items"]] == [first["result"]["dataset_id"]]


async def test_of_two_at_once_one_waits_for_the_other(desk: Desk) -> None:
    jobs = [await desk.accepted(ROWS, f"{name}.csv") for name in "ab"]

    async with asyncio.timeout(30):
        while {(await desk.job(job))["state"] for job in jobs} != {"completed"}:
            await desk.work()
            await desk.runtime.database.pool.execute(
                "UPDATE jobs SET state = 'ready', due_at = NULL WHERE state = 'scheduled'"
            )

    results = [(await desk.job(job))["result"] for job in jobs]
    assert len({result["dataset_id"] for result in results}) == 1
    assert [("duplicate_of" in result) for result in results].count(True) == 1


async def test_whoever_fails_leaves_the_way_free(desk: Desk) -> None:
    broken = await desk.imported(b"PAR1 and then nothing", "a.parquet")
    again = await desk.imported(b"PAR1 and then nothing", "a.parquet")

    assert (broken["state"], broken["error_code"]) == ("failed", "FILE_CORRUPT")
    assert (again["state"], again["error_code"]) == ("failed", "FILE_CORRUPT")


async def test_another_tenant_imports_the_same_bytes_for_itself(desk: Desk, database_dsn: str, tmp_path: Path) -> None:
    ours = await desk.dataset(ROWS)
    async with importing(database_dsn, tmp_path, tenant="other") as other:
        theirs = await other.dataset(ROWS)

        assert theirs["id"] != ours["id"]
        assert (await other.get(f"/api/v1/datasets/{ours['id']}"))[0] == 404
        assert (await other.get(f"/api/v1/datasets/{ours['id']}/rows"))[0] == 404
        assert (await other.get(f"/api/v1/datasets/{ours['id']}/profile"))[0] == 404
        assert (await other.get(f"/api/v1/datasets/{ours['id']}/export", format="csv"))[0] == 404
        assert await other.delete(f"/api/v1/datasets/{ours['id']}") == 404
        assert [one["id"] for one in (await other.get("/api/v1/datasets"))[1]["items"]] == [theirs["id"]]


async def test_what_is_no_table_is_kept_and_said_to_be_none(desk: Desk) -> None:
    row = await desk.imported(b"%PDF-1.7 something", "report.pdf")

    assert (row["state"], row["error_code"]) == ("failed", "FILE_TYPE_UNSUPPORTED")
    assert await desk.runtime.lake.stat(row["payload"]["object_name"]) is not None


async def test_a_removed_dataset_leaves_nothing_and_can_come_again(desk: Desk) -> None:
    dataset = await desk.dataset(ROWS)

    assert await desk.delete(f"/api/v1/datasets/{dataset['id']}") == 204
    assert (await desk.get(f"/api/v1/datasets/{dataset['id']}"))[0] == 404
    await desk.erase()
    assert [name async for name in desk.runtime.lake.list("datasets/")] == []
    assert [name async for name in desk.runtime.lake.list("uploads/")] == []
    assert (await desk.dataset(ROWS))["row_count"] == 2


async def test_a_job_that_is_run_again_is_no_duplicate_of_itself(desk: Desk) -> None:
    row = await desk.imported(ROWS)
    await desk.runtime.database.pool.execute("UPDATE jobs SET state = 'ready', attempt = 2 WHERE id = $1", row["id"])
    await desk.work()
    again = await desk.job(str(row["id"]))

    assert (again["state"], again["result"]["dataset_id"]) == ("completed", row["result"]["dataset_id"])
    assert "duplicate_of" not in again["result"]
    assert await desk.runtime.lake.stat(row["payload"]["object_name"]) is not None
