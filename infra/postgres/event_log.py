"""The event log's days: one partition each, made ahead and dropped when somebody else keeps their events."""

from datetime import date, datetime, timedelta

from infra.postgres.database import Database, Transaction

AHEAD_DAYS = 7
_COLUMNS = "xid, seq, id, type, tenant, subject, time, data, traceparent"
_TODAY = "SELECT (coalesce($1::timestamptz, now()) AT TIME ZONE 'UTC')::date"
_REST = "events_rest"


async def make_days(database: Database, *, now: datetime | None = None) -> None:
    """Make the partitions of the coming days, and of days whose events came before their partition.

    The time is the database's where no other is given, as that of events is: a process may have a wrong clock.
    """
    async with database.transaction() as tx:
        today = await tx.fetchval(_TODAY, now)
        strays = await tx.fetch(f"SELECT DISTINCT (time AT TIME ZONE 'UTC')::date AS day FROM {_REST}")
        coming = {today + timedelta(days=ahead) for ahead in range(AHEAD_DAYS)}
        there = await _partitions(tx)
        for day in sorted(coming | {row["day"] for row in strays}):
            if _name(day) not in there:
                await _make(tx, day)


async def old_days(tx: Transaction, *, keep_days: int, now: datetime | None = None) -> list[date]:
    """The days of the log that ended ``keep_days`` ago or earlier, oldest first; the time as for ``make_days``."""
    oldest = _name(await tx.fetchval(_TODAY, now) - timedelta(days=keep_days))
    return [_day(name) for name in sorted(await _partitions(tx) - {_REST}) if name < oldest]


async def drop_day(tx: Transaction, day: date) -> None:
    """Forget a day, if it is there: in an instant and with nothing left to vacuum, however many events it had."""
    await tx.execute(f"DROP TABLE IF EXISTS {_name(day)}")


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
        f"CREATE TEMP TABLE strays ON COMMIT DROP AS SELECT {_COLUMNS} FROM {_REST}"
        f" WHERE time >= '{start}' AND time < '{end}'"
    )
    await tx.execute(f"DELETE FROM {_REST} WHERE (xid, seq) IN (SELECT xid, seq FROM strays)")
    await tx.execute(
        f"CREATE TABLE IF NOT EXISTS {_name(day)} PARTITION OF events FOR VALUES FROM ('{start}') TO ('{end}')"
    )
    await tx.execute(f"INSERT INTO events ({_COLUMNS}) OVERRIDING SYSTEM VALUE SELECT {_COLUMNS} FROM strays")
    await tx.execute("DROP TABLE strays")


def _name(day: date) -> str:
    return f"events_{day:%Y%m%d}"


def _day(name: str) -> date:
    return date.fromisoformat(name.removeprefix("events_"))
