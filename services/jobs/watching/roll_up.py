"""Count what happened since the last time."""

from infra.postgres.database import Database
from services.jobs.store import statistics
from services.jobs.watching.durations import GROWTH, LEAST_SECONDS

BATCH = 5000
BATCHES = 20  # a turn: a sweep has other things to do


async def roll_up(database: Database, *, batch: int = BATCH) -> int:
    """Add settled lines of the timeline to the statistics, each exactly once; returns how many were read."""
    read = 0
    for _ in range(BATCHES):
        async with database.transaction() as tx:
            fresh = await statistics.count(tx, limit=batch, growth=GROWTH, least_seconds=LEAST_SECONDS)
        read += fresh
        if fresh < batch:
            break
    return read
