"""Commands to jobs that are only shown any more."""

from pathlib import Path
from uuid import UUID

import pytest

from services.jobs.store import history
from tests.flow.jobs.counter import counter


@pytest.mark.parametrize(("method", "command"), [("POST", "/retry"), ("POST", "/pause"), ("DELETE", "")])
async def test_a_command_to_an_archived_job_says_that_it_is_archived(
    database_dsn: str, tmp_path: Path, method: str, command: str
) -> None:
    async with counter(database_dsn, tmp_path) as desk:
        job = await desk.accepted()
        await desk.sql("UPDATE jobs SET state = 'completed', finished_at = now() - interval '31 days'")
        async with desk.runtime.database.transaction() as tx:
            limits = {"days": 30, "dead_letter_days": 30, "key_days": 1, "limit": 10, "most_bytes": 1 << 20}
            assert await history.leave(tx, UUID(int=2), kinds=["drill"], **limits) == 1

        shown, _ = await desk.ask("GET", f"/job/{job['id']}")
        status, problem = await desk.ask(method, f"/job/{job['id']}{command}")
        unknown, _ = await desk.ask(method, f"/job/{UUID(int=1)}{command}")

    assert shown == 200
    assert (status, problem["code"]) == (409, "JOB_ARCHIVED")
    assert unknown == 404
