"""Stop the work of queues; nothing in them is lost, and what runs runs on."""

from collections.abc import Collection
from typing import ClassVar

from infra.postgres.database import Database
from schemas.problem import Problem
from services.jobs.store import queues


class QueueNotFound(Problem):
    """No function works such a queue."""

    code: ClassVar[str] = "QUEUE_NOT_FOUND"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no queue of this name"
    recovery: ClassVar[str] = "Use one of the queues named in `allowed`."


async def pause_queue(queue: str | None, *, known: Collection[str], database: Database) -> list[str]:
    """Take no more jobs from this queue, or from any; returns what is paused. Raises ``QueueNotFound``."""
    require_queue(queue, known)
    async with database.transaction() as tx:
        await queues.pause(tx, queue or queues.ALL)
        return await queues.paused(tx)


def require_queue(queue: str | None, known: Collection[str]) -> None:
    """Raises ``QueueNotFound``; None stands for all of them."""
    if queue is not None and queue not in known:
        raise QueueNotFound(f"{queue[:100]!r} is none of {', '.join(sorted(known))}", allowed=sorted(known))
