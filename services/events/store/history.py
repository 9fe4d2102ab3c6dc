"""Days of the event log that leave: which of their events go in one batch, and which batches have arrived."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from infra.postgres.database import Transaction

# The id follows from the events: also a database that was restored loads them once. A row for each place to go on from
# lets one of many clean-ups plan the batch after it.
_LEAVE = """
WITH place AS (
  SELECT xid, seq FROM leaving_events WHERE day = $1
  UNION ALL SELECT '0'::xid8, 0 ORDER BY xid DESC, seq DESC LIMIT 1
), old AS (
  SELECT e.xid, e.seq, e.id, octet_length(e.data::text) AS bytes FROM events e
  WHERE e.time >= $2 AND e.time < $3
    AND (e.xid, e.seq) > ((SELECT xid FROM place), (SELECT seq FROM place))
  ORDER BY e.xid, e.seq LIMIT $4
), chosen AS (
  SELECT * FROM (SELECT *, sum(bytes) OVER (ORDER BY xid, seq) - bytes AS before FROM old) AS o WHERE before < $5
), last AS (
  SELECT xid, seq FROM chosen ORDER BY xid DESC, seq DESC LIMIT 1
)
INSERT INTO leaving_events (load_id, day, after_xid, after_seq, xid, seq, events)
SELECT (SELECT md5($1::date || string_agg(id::text, ',' ORDER BY xid, seq))::uuid FROM chosen), $1,
  place.xid, place.seq, last.xid, last.seq, (SELECT count(*) FROM chosen)
FROM place, last
ON CONFLICT DO NOTHING
RETURNING load_id, events
"""

_BATCH = """
SELECT jsonb_build_object('event_id', id, 'type', type, 'tenant', tenant, 'subject', subject, 'time', time,
  'data', data::text, 'traceparent', traceparent)::text AS event
FROM events
WHERE time >= $1 AND time < $2 AND (xid, seq) > ($3::xid8, $4::bigint) AND (xid, seq) <= ($5::xid8, $6::bigint)
ORDER BY xid, seq
"""

_ALL_ARRIVED = """
SELECT (SELECT count(*) FROM events WHERE time >= $2 AND time < $3)
  = (SELECT coalesce(sum(events), 0) FROM leaving_events WHERE day = $1 AND arrived)
"""


async def leave(tx: Transaction, days: Sequence[date], *, limit: int, most_bytes: int) -> tuple[UUID, int] | None:
    """Plan the next batch of the first of these days that has events left; its id, and how many they are."""
    for day in days:
        row = await tx.fetchrow(_LEAVE, day, *_bounds(day), limit, most_bytes)
        if row is not None:
            return UUID(str(row["load_id"])), row["events"]
    return None


async def batches(tx: Transaction) -> list[UUID]:
    """Batches that are not in the warehouse yet."""
    found = await tx.fetch("SELECT load_id FROM leaving_events WHERE NOT arrived ORDER BY day, after_xid, after_seq")
    return [UUID(str(row["load_id"])) for row in found]


async def batch(tx: Transaction, load_id: UUID) -> list[str]:
    """The events of a batch that has not arrived, each as JSON text, always in the same order."""
    planned = await tx.fetchrow("SELECT * FROM leaving_events WHERE load_id = $1 AND NOT arrived", load_id)
    if planned is None:
        return []
    between = [planned[name] for name in ("after_xid", "after_seq", "xid", "seq")]
    return [row["event"] for row in await tx.fetch(_BATCH, *_bounds(planned["day"]), *between)]


async def arrived(tx: Transaction, load_id: UUID) -> None:
    """A batch is in the warehouse."""
    await tx.execute("UPDATE leaving_events SET arrived = true WHERE load_id = $1", load_id)


async def all_arrived(tx: Transaction, day: date) -> bool:
    """Whether every event of a day is in the warehouse."""
    return bool(await tx.fetchval(_ALL_ARRIVED, day, *_bounds(day)))


async def forget(tx: Transaction, day: date) -> None:
    """A day is not kept here any more, and neither is how it left."""
    await tx.execute("DELETE FROM leaving_events WHERE day = $1", day)


def _bounds(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time.min, UTC)
    return start, start + timedelta(days=1)
