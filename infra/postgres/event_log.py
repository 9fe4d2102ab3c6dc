"""The event log's days: one partition each, made ahead and dropped when their time is over."""

from datetime import date, datetime, timedelta

from infra.postgres.database import Database, Transaction

AHEAD_DAYS = 7
EVENT_DAYS = 30
_COLUMNS = "xid, seq, id, type, tenant, subject, time, data, traceparent"


async def turn_days(
    database: Database, *, now: datetime | None = None, keep_days: int | None = EVENT_DAYS
) -> list[str]:
    """Make the partitions of the coming days and drop those older than ``keep_days`` (None: none); which it dropped.

    The time is the database's where no other is given, as that of events is: a process whose clock is wrong drops no
    young day. Dropping is instant and leaves nothing to vacuum, however many events a day had.
    """
    async with database.transaction() as tx:
        today = await tx.fetchval("SELECT (coalesce($1::timestamptz, now()) AT TIME ZONE 'UTC')::date", now)
        there = await _partitions(tx)
        for day in (today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)):
            if _name(day) not in there:
                await _make(tx, day)
        oldest = "" if keep_days is None else _name(today - timedelta(days=keep_days))
        old = sorted(name for name in there if name != "events_rest" and name < oldest)
        for name in old:
            await tx.execute(f"DROP TABLE IF EXISTS {name}")
    return old


async def _partitions(tx: Transaction) -> set[str]:
    rows = await tx.fetch(
        "SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'events'::regclass"
    )
    return {row["name"] for row in rows}


async def _make(tx: Transaction, day: date) -> None:
    start, end = f"{day} 00:00+00", f"{day + timedelta(days=1)} 00:00+00"
    # events of a day that had no partition yet went to the rest: they move, or the partition could not be made
    await tx.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
    await tx.execute(
        f"CREATE TEMP TABLE strays ON COMMIT DROP AS SELECT {_COLUMNS} FROM events_rest"
        f" WHERE time >= '{start}' AND time < '{end}'"
    )
    await tx.execute("DELETE FROM events_rest WHERE (xid, seq) IN (SELECT xid, seq FROM strays)")
    await tx.execute(
        f"CREATE TABLE IF NOT EXISTS {_name(day)} PARTITION OF events FOR VALUES FROM ('{start}') TO ('{end}')"
    )
    await tx.execute(f"INSERT INTO events ({_COLUMNS}) OVERRIDING SYSTEM VALUE SELECT {_COLUMNS} FROM strays")
    await tx.execute("DROP TABLE strays")


def _name(day: date) -> str:
    return f"events_{day:%Y%m%d}"
