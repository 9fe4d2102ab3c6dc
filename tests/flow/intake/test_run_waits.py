"""A run of a data source whose pages find their queue full."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.intake.sources import SHOP, Sources
from tests.flow.jobs.contract import caller

ROOM = 3


@pytest.fixture
async def narrow(database_dsn: str, tmp_path: Path) -> AsyncIterator[Sources]:
    async with caller(database_dsn, tmp_path, max_queue_size=ROOM) as at:
        yield Sources(at)
        assert at.surprises == []


async def run_beside(narrow: Sources, *waiting: str, pages: int = ROOM) -> dict[str, Any]:
    """A run of so many pages is tried while these wait already."""
    made = await narrow.made(config={"urls": [f"{SHOP}{number}" for number in range(pages)]})
    if waiting:
        await narrow.submitted(made, *waiting)
    await narrow.ask("POST", f"/{made['id']}/run")
    await narrow.work()
    return dict((await narrow.jobs("source_run"))[0])


async def test_it_waits_for_room_and_that_costs_no_try(narrow: Sources) -> None:
    job = await run_beside(narrow, SHOP)

    assert (job["state"], job["tries"], job["claims"]) == ("scheduled", 0, 0)
    assert "no room for 3 more" in job["error_message"]


async def test_it_goes_on_when_there_is_room(narrow: Sources) -> None:
    await run_beside(narrow, SHOP)
    await narrow.sql("UPDATE jobs SET state = 'completed', finished_at = now() WHERE kind = 'capture'")
    await narrow.sql("UPDATE jobs SET state = 'ready' WHERE kind = 'source_run'")
    await narrow.work()
    [job] = await narrow.jobs("source_run")

    assert (job["state"], job["result"]["submitted"], job["error_message"]) == ("completed", ROOM, None)
    assert len(await narrow.jobs("capture")) == ROOM + 1


async def test_control_where_there_is_room_it_does_not_wait(narrow: Sources) -> None:
    job = await run_beside(narrow)

    assert job["state"] == "completed"


async def test_more_pages_than_ever_fit_are_not_waited_for(narrow: Sources) -> None:
    job = await run_beside(narrow, pages=ROOM + 1)

    assert (job["state"], job["error_code"], job["tries"]) == ("failed", "BATCH_EXCEEDS_QUEUE", 0)
    assert "MAX_QUEUE_SIZE" in job["error_recovery"]
