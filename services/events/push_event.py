"""Give a published event to the endpoints that want it."""

from infra.postgres.database import Database
from schemas.envelope import Envelope
from services.events.store import pushes

QUEUE = "pushes"  # rung when there is something to push


async def push_event(event: Envelope, *, database: Database) -> int:
    """Queue one push for every subscription of the event's tenant; returns how many are new.

    The same event twice is pushed once, as long as its first push is not over.
    """
    async with database.transaction() as tx:
        queued = await pushes.fan_out(tx, event)
        if queued:
            tx.ring(QUEUE)
    return queued
