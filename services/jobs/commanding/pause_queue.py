"""Stop and start the work of queues; nothing in them is lost, and what runs runs on."""

from collections.abc import Collection
from typing import ClassVar

from infra.postgres.database import Database
from schemas.problem import Problem
from services.jobs.store import queues, sweep


class QueueNotFound(Problem):
    """No function works such a queue."""

    code: ClassVar[str] = "QUEUE_NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no queue of this name"
    recovery: ClassVar[str] = "Use one of the queues named in `allowed`."


class AllQueuesPaused(Problem):
    """A queue cannot be worked again by itself while all are paused together."""

    code: ClassVar[str] = "ALL_QUEUES_PAUSED"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "All queues are paused together"
    recovery: ClassVar[str] = "Resume all queues, then pause those that are to rest."


async def pause_queue(queue: str | None, *, known: Collection[str], database: Database) -> list[str]:
    """Take no more jobs from this queue, or from any; returns what is paused. Raises ``QueueNotFound``."""
    _check(queue, known)
    async with database.transaction() as tx:
        await queues.pause(tx, queue or queues.ALL)
        return await queues.paused(tx)


async def resume_queue(queue: str | None, *, known: Collection[str], database: Database) -> list[str]:
    """Work this queue again, or every one; returns what is still paused.

    Raises ``QueueNotFound``, and ``AllQueuesPaused`` where a single one could not be worked yet: nothing is changed.
    """
    _check(queue, known)
    async with database.transaction() as tx:
        if queue is not None and queues.ALL in await queues.paused(tx):
            raise AllQueuesPaused(f"{queue} would not be worked: all queues are paused, and it stays as it is")
        resumed = await queues.resume(tx, queue)
        tx.ring(*resumed, *await sweep.busy_queues(tx))
        return await queues.paused(tx)


async def limit_queue(
    queue: str, limits: queues.Limits, *, known: Collection[str], database: Database
) -> queues.Limits:
    """Change the limits that are named; returns all that hold then. Raises ``QueueNotFound``."""
    _check(queue, known)
    async with database.transaction() as tx:
        held = await queues.limit(tx, queue, limits)
        tx.ring(queue)
    return held


def _check(queue: str | None, known: Collection[str]) -> None:
    if queue is not None and queue not in known:
        raise QueueNotFound(f"{queue[:100]!r} is none of {', '.join(sorted(known))}", allowed=sorted(known))
