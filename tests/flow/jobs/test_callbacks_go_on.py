"""Callbacks outlive trouble in the database, and end with their processor."""

import asyncio
from collections.abc import Callable

import pytest

from infra.postgres.database import Database
from services.jobs.processor import BackgroundProcessor, ProcessorStopped
from tests.flow.jobs.python_face import over, until

# The look of the callbacks, which waits for the table.
_LOOKING = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM job_events AS l%'
"""


async def cancel_a_look(database: Database) -> None:
    """What an administrator, or a time limit, does to a statement that takes too long."""
    async with database.transaction() as tx:
        await tx.execute("LOCK TABLE job_events IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(8):
            while (pid := await database.pool.fetchval(_LOOKING)) is None:  # noqa: ASYNC110  # there is no event for it
                await asyncio.sleep(0.01)
        await database.pool.execute("SELECT pg_cancel_backend($1)", pid)


async def test_a_look_that_is_cancelled_is_made_up_for(processor: BackgroundProcessor, database: Database) -> None:
    told: list[str] = []
    processor.register_progress_callback(lambda progress: told.append(progress.status.value))

    await cancel_a_look(database)
    await asyncio.to_thread(lambda: over(processor, processor.submit_job(kind="drill")))

    await asyncio.to_thread(until, lambda: told[-1:] == ["completed"])


@pytest.mark.parametrize("before", [[], [print]])
def test_after_the_end_none_is_registered(processor: BackgroundProcessor, before: list[Callable[..., None]]) -> None:
    for callback in before:
        processor.register_progress_callback(callback)
    processor.shutdown()

    with pytest.raises(ProcessorStopped):
        processor.register_progress_callback(print)
