"""Start the work of queues that were paused."""

from collections.abc import Collection
from typing import ClassVar

from infra.postgres.database import Database
from schemas.problem import Problem
from services.jobs.commanding.pause_queue import require_queue
from services.jobs.store import queues, sweep


class AllQueuesPaused(Problem):
    """A queue cannot be worked again by itself while all are paused together."""

    code: ClassVar[str] = "ALL_QUEUES_PAUSED"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "All queues are paused together"
    recovery: ClassVar[str] = "Resume all queues, then pause those that are to rest."


async def resume_queue(queue: str | None, *, known: Collection[str], database: Database) -> list[str]:
    """Work this queue again, or every one; returns what is still paused.

    Raises ``QueueNotFound``, and ``AllQueuesPaused`` where a single one could not be worked yet: nothing is changed.
    """
    require_queue(queue, known)
    async with database.transaction() as tx:
        if queue is not None and queues.ALL in await queues.paused(tx):
            raise AllQueuesPaused(f"{queue} would not be worked: all queues are paused, and it stays as it is")
        resumed = await queues.resume(tx, queue)
        tx.ring(*resumed, *await sweep.busy_queues(tx))
        return await queues.paused(tx)
