"""The event log's days: one partition each, made ahead and dropped when their time is over."""

from datetime import UTC, datetime, timedelta

from infra.postgres.database import Database

AHEAD_DAYS = 7


async def turn_days(database: Database, *, now: datetime, keep_days: int = 30) -> list[str]:
    """Make the partitions of the coming days and drop those older than ``keep_days``; returns what was dropped.

    Dropping a day is instant and leaves nothing to vacuum, however many events it had.
    """
    async with database.transaction() as tx:
        rows = await tx.fetch(
            "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'events'::regclass"
        )
        there = {row["name"] for row in rows}
        for day in (now.astimezone(UTC).date() + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)):
            if (name := f"events_{day:%Y%m%d}") not in there:
                await tx.execute(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF events"
                    f" FOR VALUES FROM ('{day} 00:00+00') TO ('{day + timedelta(days=1)} 00:00+00')"
                )
        oldest = f"events_{now.astimezone(UTC) - timedelta(days=keep_days):%Y%m%d}"
        old = sorted(name for name in there if name != "events_rest" and name < oldest)
        for name in old:
            await tx.execute(f"DROP TABLE IF EXISTS {name}")
    return old
