"""Limit how many jobs of a queue run at once."""

from collections.abc import Collection

from infra.postgres.database import Database
from services.jobs.commanding.pause_queue import require_queue
from services.jobs.store import queues


async def limit_queue(
    queue: str, limits: queues.Limits, *, known: Collection[str], database: Database
) -> queues.Limits:
    """Change the limits that are named; returns all that hold then. Raises ``QueueNotFound``."""
    require_queue(queue, known)
    async with database.transaction() as tx:
        held = await queues.limit(tx, queue, limits)
        tx.ring(queue)
    return held
