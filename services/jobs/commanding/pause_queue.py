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


async def pause_queue(queue: str | None, *, known: Collection[str], database: Database) -> list[str]:
    """Take no more jobs from this queue, or from any; returns what is paused. Raises ``QueueNotFound``."""
    _check(queue, known)
    async with database.transaction() as tx:
        await queues.pause(tx, queue or queues.ALL)
        return await queues.paused(tx)


async def resume_queue(queue: str | None, *, known: Collection[str], database: Database) -> list[str]:
    """Work this queue again, or every one; returns what is still paused.

    While all queues are paused together, a single one cannot be worked. Raises ``QueueNotFound``.
    """
    _check(queue, known)
    async with database.transaction() as tx:
        resumed = await queues.resume(tx, queue)
        tx.ring(*resumed, *await sweep.busy_queues(tx))
        return await queues.paused(tx)


async def limit_queue(
    queue: str,
    *,
    concurrency: int | None,
    tenant_concurrency: int | None,
    known: Collection[str],
    database: Database,
) -> None:
    """At most so many jobs of the queue run at once, over all tenants and of each. Raises ``QueueNotFound``."""
    _check(queue, known)
    async with database.transaction() as tx:
        await queues.limit(tx, queue, concurrency=concurrency, tenant_concurrency=tenant_concurrency)
        tx.ring(queue)


def _check(queue: str | None, known: Collection[str]) -> None:
    if queue is not None and queue not in known:
        raise QueueNotFound(f"{queue[:100]!r} is none of {', '.join(sorted(known))}", allowed=sorted(known))
