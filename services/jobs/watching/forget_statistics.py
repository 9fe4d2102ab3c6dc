"""Statistics and alerts of long ago go."""

from infra.postgres.database import Database
from services.jobs.store import alerts, statistics

STATISTICS_DAYS = 400
ALERT_DAYS = 90
BATCH = 10_000


async def forget_statistics(database: Database) -> int:
    """Remove what is past its days, a batch at a time; returns how many rows."""
    async with database.transaction() as tx:
        hours = await statistics.forget(tx, days=STATISTICS_DAYS, limit=BATCH)
        return hours + await alerts.forget(tx, days=ALERT_DAYS)
