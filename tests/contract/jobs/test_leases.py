"""Which leases count as lost."""

import asyncio
import contextlib

from services.jobs.engine.leases import Leases
from tests.contract.jobs.rig import Desk, until


async def test_a_job_whose_end_is_being_written_is_not_lost_for_having_ended(desk: Desk) -> None:
    ending, taken_away = [await desk.held() for _ in range(2)]
    leases = Leases(desk.database, 0.3, ending={(ending.id, ending.lease_token)})
    tasks = [asyncio.create_task(asyncio.Event().wait()) for _ in range(2)]
    for job, task in zip((ending, taken_away), tasks, strict=True):
        leases.keep([job], task)
        await desk.change(job.id, "state = 'completed'")

    async def lost() -> bool:
        return tasks[1].cancelled()

    beating = asyncio.create_task(leases.beat())
    await until(lost)
    assert len(leases) == 1
    assert not tasks[0].cancelling()

    for task in (beating, tasks[0]):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
