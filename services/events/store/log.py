"""Reading the event log: in commit order, and only what no running transaction can still overtake."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.postgres.database import Transaction
from infra.postgres.outbox import envelope
from schemas.event import Envelope
from services.events.cursor import Cursor

_SETTLED = "xid < pg_snapshot_xmin(pg_current_snapshot())"

_PAGE = f"""
SELECT xid, seq, id, type, tenant, subject, time, data FROM events
WHERE (xid, seq) > ($1::xid8, $2::bigint) AND {_SETTLED}
  AND ($3::text IS NULL OR tenant = $3) AND ($4::text IS NULL OR type = $4) AND ($5::text IS NULL OR subject = $5)
ORDER BY xid, seq LIMIT $6
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which events somebody reads. None: all."""

    tenant: str | None
    type: str | None = None
    crawl_id: str | None = None

    def __contains__(self, event: Envelope) -> bool:
        return (
            self.tenant in {None, event.tenant}
            and self.type in {None, event.type}
            and self.crawl_id in {None, event.subject}
        )


@dataclass(frozen=True)
class Told:
    """An event with its place in the log."""

    cursor: Cursor
    event: Envelope


async def page(tx: Transaction, after: Cursor, wanted: Wanted, *, limit: int) -> list[Told]:
    """The next events after a place of this epoch."""
    rows = await tx.fetch(_PAGE, after.xid, after.seq, wanted.tenant, wanted.type, wanted.crawl_id, limit)
    return _told(after.epoch, rows)


async def start(tx: Transaction) -> Cursor:
    """The place before the oldest event that is kept."""
    return Cursor(await tx.fetchval("SELECT epoch FROM instance"), 0, 0)


async def end(tx: Transaction) -> Cursor:
    """The place after the newest event that is settled."""
    row = await tx.fetchrow(f"SELECT xid, seq FROM events WHERE {_SETTLED} ORDER BY xid DESC, seq DESC LIMIT 1")
    beginning = await start(tx)
    return beginning if row is None else Cursor(beginning.epoch, row["xid"], row["seq"])


async def known(tx: Transaction, cursor: Cursor) -> bool:
    """Whether everything after this place is kept: its event still is, or it is the start."""
    if cursor.epoch != (await start(tx)).epoch:
        return False
    there = "SELECT EXISTS (SELECT FROM events WHERE xid = $1::xid8 AND seq = $2)"
    return cursor.at_start or bool(await tx.fetchval(there, cursor.xid, cursor.seq))


def _told(epoch: int, rows: Sequence[Any]) -> list[Told]:
    return [Told(Cursor(epoch, row["xid"], row["seq"]), envelope(row)) for row in rows]
