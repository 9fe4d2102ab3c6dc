"""What a batch says of itself is true of one moment."""

from pathlib import Path
from typing import Any

import pytest

from services.jobs.store import batches
from tests.flow.jobs.counter import Counter, counter

END = "UPDATE jobs SET state = 'failed', finished_at = now(), error_code = 'C', error_class = 'data'"


async def told_while_jobs_end(desk: Counter, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The answer of a batch whose jobs end between its numbers and its jobs."""
    _, made = await desk.ask("POST", "/submit-batch", {"kind": "drill", "jobs": [{}, {}, {}]})
    page = batches.page

    async def meanwhile(*args: Any, **kwargs: Any) -> Any:
        await desk.sql(END)
        return await page(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(batches, "page", meanwhile)
        _, found = await desk.ask("GET", f"/batch/{made['batch_id']}")
    assert (await desk.ask("GET", f"/batch/{made['batch_id']}"))[1]["failed"] == 3  # the control: they did end
    return found


async def test_numbers_jobs_and_errors_agree(
    database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counter(database_dsn, tmp_path) as desk:
        found = await told_while_jobs_end(desk, monkeypatch)

    assert (found["status"], found["queued"], found["failed"]) == ("processing", 3, 0)
    assert ([job["status"] for job in found["jobs"]], found["errors"]) == (["queued"] * 3, [])
