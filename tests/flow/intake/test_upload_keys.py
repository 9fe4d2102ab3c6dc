"""A file that is uploaded again under its Idempotency-Key is the job it was the first time."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.jobs.wire import wire
from tests.flow.intake.importing import Desk, importing

ROWS, OTHERS = b"a,b\n1,2\n", b"a,b\n3,4\n"


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with importing(database_dsn, tmp_path) as made:
        yield made


async def stored(desk: Desk) -> list[str]:
    return [name async for name in desk.runtime.lake.list("uploads/")]


async def jobs(desk: Desk) -> list[Any]:
    return list(await desk.runtime.database.pool.fetch("SELECT * FROM jobs WHERE kind = 'import'"))


async def test_the_same_file_under_one_key_is_one_job_and_lies_once(desk: Desk) -> None:
    status, first = await desk.upload(ROWS, key="monday")
    again = await desk.upload(ROWS, key="monday")

    assert again == (status, first) == (202, first)
    [job] = await jobs(desk)
    assert await stored(desk) == [job["payload"]["object_name"]]
    other = await desk.upload(ROWS, key="tuesday")  # control: another key is another upload
    assert other[1]["job_id"] != first["job_id"]
    assert len(await stored(desk)) == 2


async def test_the_answer_stays_the_jobs_when_it_is_over(desk: Desk) -> None:
    _, first = await desk.upload(ROWS, key="monday")
    await desk.work()
    status, again = await desk.upload(ROWS, key="monday")

    assert (status, again["job_id"], again["status"]) == (202, first["job_id"], "completed")
    assert len(await stored(desk)) == 1


@pytest.mark.parametrize(
    ("data", "fields"),
    [(OTHERS, {}), (ROWS, {"filename": "other.csv"}), (ROWS, {"supplier_id": "s"}), (ROWS, {"metadata": '{"n": 1}'})],
    ids=["bytes", "name", "supplier", "metadata"],
)
async def test_a_key_that_stands_for_another_upload_is_refused_and_nothing_is_kept(
    desk: Desk, data: bytes, fields: dict[str, str]
) -> None:
    _, first = await desk.upload(ROWS, key="monday")
    before = await stored(desk)

    status, said = await desk.upload(data, key="monday", **fields)

    assert (status, said["code"]) == (422, "IDEMPOTENCY_MISMATCH")
    assert await stored(desk) == before
    assert [str(job["id"]) for job in await jobs(desk)] == [first["job_id"]]


async def test_equal_uploads_at_once_are_one_job(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.upload(ROWS, key="monday") for _ in range(8)))

    assert {status for status, _ in answers} == {202}
    assert len({said["job_id"] for _, said in answers}) == 1
    [job] = await jobs(desk)
    assert await stored(desk) == [job["payload"]["object_name"]]
    await desk.work()
    assert (await desk.job(answers[0][1]["job_id"]))["state"] == "completed"


async def test_of_different_uploads_at_once_under_one_key_one_is_taken(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.upload(data, key="monday") for data in (ROWS, OTHERS)))

    assert sorted(status for status, _ in answers) == [202, 422]
    [job] = await jobs(desk)
    assert await stored(desk) == [job["payload"]["object_name"]]


async def test_a_large_file_under_a_key_is_never_whole_in_memory(desk: Desk) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(512):
            yield b"x" * 65_536

    tracemalloc.start()
    answers = [await desk.upload(blocks(), "large.bin", key="k") for _ in range(2)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert answers[0] == answers[1]
    assert peak < 16 << 20


async def test_one_tenants_key_is_not_anothers(desk: Desk, database_dsn: str, tmp_path: Path) -> None:
    _, first = await desk.upload(ROWS, key="monday")
    async with importing(database_dsn, tmp_path, tenant="other") as neighbour:
        status, theirs = await neighbour.upload(ROWS, key="monday")

    assert (status, theirs["job_id"] == first["job_id"]) == (202, False)


async def test_a_key_that_outlived_its_job_makes_a_dataset_beside_the_first(desk: Desk) -> None:
    _, first = await desk.upload(ROWS, key="monday")
    await desk.work()
    made = (await desk.job(first["job_id"]))["result"]["dataset_id"]
    await desk.runtime.database.pool.execute("DELETE FROM jobs")  # it moved into the warehouse

    _, second = await desk.upload(OTHERS, key="monday")
    await desk.work()
    other = (await desk.job(second["job_id"]))["result"]["dataset_id"]

    assert (first["job_id"], made != other) == (second["job_id"], True)
    for dataset_id, a in ((made, "1"), (other, "3")):
        _, page = await desk.get(f"/api/v1/datasets/{dataset_id}/rows")
        assert [str(row["a"]) for row in page["items"]] == [a]


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_that_is_none_is_refused_by_its_name(desk: Desk, key: str) -> None:
    status, said = await desk.upload(ROWS, key=key)

    assert (status, said["errors"][0]["field"], await stored(desk)) == (422, "Idempotency-Key", [])


async def test_a_repeated_upload_whose_answer_is_lost_is_still_the_first_job(database_dsn: str, tmp_path: Path) -> None:
    async with wire(database_dsn) as (line, through), importing(through, tmp_path) as desk:
        _, first = await desk.upload(ROWS, key="monday")
        line.lose_the_answer_to(b"COMMIT")
        status, again = await desk.upload(ROWS, key="monday")

        assert (line.losses, status, again["job_id"]) == (1, 202, first["job_id"])
        assert len(await stored(desk)) == 1
