"""The sweep of the engine: what is due becomes ready, what was abandoned becomes free, lost doorbells ring again."""

from infra.postgres.database import Database
from services.jobs.alerts.judge import GAP
from services.jobs.alerts.watch import EVERY_SECONDS
from services.jobs.commanding.enforce_wishes import PATIENCE_SECONDS
from services.jobs.store import alerts
from services.jobs.store import sweep as rows

BATCH = 10_000


async def sweep(database: Database) -> int:
    """Once through; returns how many jobs were set free or became due."""
    async with database.transaction() as tx:
        moved = await rows.promote(tx) + await rows.reap(tx)
        tx.ring(*await rows.busy_queues(tx))
    return moved


async def due_seconds(database: Database) -> float | None:
    """In how many seconds there is something to sweep; None if nothing is known of.

    While an alert is not decided that is the next look: from tick to tick nobody would know what holds or passes.
    """
    async with database.reading() as tx:
        due = await rows.next_due_seconds(tx, patience=PATIENCE_SECONDS)
        if not await alerts.undecided(tx, within_seconds=GAP.total_seconds()):
            return due
    return EVERY_SECONDS if due is None else min(due, EVERY_SECONDS)


async def forget(database: Database, *, days: float) -> int:
    """Remove lines of timelines that are older than ``days``, some at a time; returns how many."""
    async with database.transaction() as tx:
        return await rows.forget_timeline(tx, days=days, limit=BATCH)
