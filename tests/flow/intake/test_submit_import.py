"""An upload whose commit nobody heard of: its file goes only when it is certain that no job has it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from tests.contract.jobs.wire import Wire, wire
from tests.flow.intake.importing import Desk, importing

ROWS = b"a,b\n1,2\n"


@asynccontextmanager
async def wired(dsn: str, folder: Path) -> AsyncIterator[tuple[Wire, Desk]]:
    async with wire(dsn) as (line, through), importing(through, folder) as desk:
        yield line, desk


async def stored(desk: Desk) -> list[str]:
    return [name async for name in desk.runtime.lake.list("uploads/")]


async def jobs(dsn: str) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return [str(row["id"]) for row in await connection.fetch("SELECT id FROM jobs WHERE kind = 'import'")]
    finally:
        await connection.close()


async def test_an_upload_whose_commit_was_not_heard_of_is_accepted_and_imported(
    database_dsn: str, tmp_path: Path
) -> None:
    async with wired(database_dsn, tmp_path) as (line, desk):
        line.lose_the_answer_to(b"COMMIT")
        status, body = await desk.upload(ROWS)
        await desk.work()
        job = await desk.job(body["job_id"])

    assert (line.losses, status, job["state"]) == (1, 202, "completed")
    assert await jobs(database_dsn) == [body["job_id"]]


async def test_an_upload_that_was_not_committed_leaves_nothing(database_dsn: str, tmp_path: Path) -> None:
    async with wired(database_dsn, tmp_path) as (line, desk):
        line.lose_the_answer_to(b"FOR KEY SHARE")
        status, body = await desk.upload(ROWS)
        left = await stored(desk)

    assert (line.losses, status, body["code"]) == (1, 503, "STORE_UNAVAILABLE")
    assert (left, await jobs(database_dsn)) == ([], [])


async def test_while_nobody_can_tell_the_file_stays_and_is_imported_if_its_job_is_there(
    database_dsn: str, tmp_path: Path
) -> None:
    async with wired(database_dsn, tmp_path) as (line, desk):
        line.lose_the_answer_to(b"COMMIT", then_cut=True)
        status, body = await desk.upload(ROWS)
        line.mend()
        await desk.work()
        (job_id,) = await jobs(database_dsn)
        job = await desk.job(job_id)

    assert (line.losses, status, body["code"]) == (1, 503, "STORE_UNAVAILABLE")
    assert job["state"] == "completed"
