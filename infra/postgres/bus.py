"""The SQL of the bus that lives in PostgreSQL. Each function is one statement and commits by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.postgres.dead_letters import COLUMNS as _EVENT
from infra.postgres.dead_letters import envelope, letter_key
from infra.runtime.events.bus import DeadLetterUnknown, Outcome, Subscription, SubscriptionGone
from schemas.envelope import Envelope

_PUBLISH = f"""
INSERT INTO deliveries (subscription, {_EVENT})
SELECT s.name, e.id, e.type, e.source, e.tenant, e.subject, e.time, e.data, e.traceparent
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::json[], $8::text[])
     WITH ORDINALITY AS e (id, type, source, tenant, subject, time, data, traceparent, n)
JOIN bus_subscriptions s ON s.topic = e.type
ORDER BY e.n
FOR KEY SHARE OF s
"""

_DECLARE = """
INSERT INTO bus_subscriptions (name, topic, push_url, max_attempts, min_backoff_s, max_backoff_s)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET (topic, push_url, max_attempts, min_backoff_s, max_backoff_s)
  = (excluded.topic, excluded.push_url, excluded.max_attempts, excluded.min_backoff_s, excluded.max_backoff_s)
"""

# now(), not clock_timestamp(): only a stable function lets the index find what is due.
_CLAIM = """
WITH wanted AS (
  SELECT s.name, s.push_url, s.max_attempts, s.min_backoff_s, s.max_backoff_s, $3 - coalesce(b.busy, 0) AS room
  FROM bus_subscriptions s
  LEFT JOIN unnest($4::text[], $5::integer[]) AS b (name, busy) ON b.name = s.name
  WHERE s.name = ANY($1) OR ($2 AND s.push_url IS NOT NULL)
), due AS MATERIALIZED (
  SELECT d.id, w.* FROM wanted w CROSS JOIN LATERAL (
    SELECT id FROM deliveries WHERE subscription = w.name AND due_at <= now()
    ORDER BY due_at, id LIMIT greatest(w.room, 0) FOR UPDATE SKIP LOCKED
  ) d
)
UPDATE deliveries d SET attempts = attempts + 1, due_at = now() + $6 * interval '1 s'
FROM due WHERE d.id = due.id
RETURNING d.*, due.push_url, due.max_attempts, due.min_backoff_s, due.max_backoff_s
"""

_HOLD = """
UPDATE deliveries d SET due_at = now() + $3 * interval '1 s'
FROM unnest($1::bigint[], $2::integer[]) AS held (id, attempts)
WHERE d.id = held.id AND d.attempts = held.attempts
"""

_SET_ASIDE = f"""
WITH gone AS (DELETE FROM deliveries WHERE id = $1 AND attempts = $2 RETURNING *)
INSERT INTO dead_letters (subscription, {_EVENT}, attempts, outcome, reason, detail)
SELECT subscription, {_EVENT}, attempts, $3, $4, $5 FROM gone
"""

_REPLAY = f"""
WITH reader AS (
  SELECT name FROM bus_subscriptions WHERE name = (SELECT subscription FROM dead_letters WHERE id = $1) FOR KEY SHARE
), again AS (
  DELETE FROM dead_letters d USING reader WHERE d.id = $1 AND d.subscription = reader.name
    AND ($2::text IS NULL OR d.tenant = $2) RETURNING d.*
)
INSERT INTO deliveries (subscription, {_EVENT}) SELECT subscription, {_EVENT} FROM again
"""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A claimed row: an event, its subscription, and which attempt holds it."""

    id: int
    attempt: int
    subscription: Subscription
    envelope: Envelope


async def publish(connection: Any, envelopes: Sequence[Envelope]) -> None:
    """Give every subscription of their topics a delivery of these events."""
    rows = ((e.id, e.type, e.source, e.tenant, e.subject, e.time, e.data, e.traceparent) for e in envelopes)
    columns = zip(*rows, strict=True)
    await connection.execute(_PUBLISH, *columns)


async def declare(connection: Any, subscription: Subscription) -> None:
    """Make or change a subscription."""
    s = subscription
    await connection.execute(_DECLARE, s.name, s.topic, s.push_url, s.max_attempts, s.min_backoff_s, s.max_backoff_s)


async def remove(connection: Any, name: str) -> None:
    """Drop a subscription with its deliveries."""
    await connection.execute("DELETE FROM bus_subscriptions WHERE name = $1", name)


async def claim(
    connection: Any, names: Sequence[str], *, push: bool, busy: Mapping[str, int], room: int, lease_s: float
) -> list[Delivery]:
    """Take what is due for these subscriptions (with ``push``, for all that have an address too).

    A subscription gets ``room`` deliveries minus those it is ``busy`` with; they are held for ``lease_s`` seconds.
    """
    rows = await connection.fetch(_CLAIM, names, push, room, list(busy), list(busy.values()), lease_s)
    return [_delivery(row) for row in sorted(rows, key=lambda row: row["id"])]


async def hold(connection: Any, deliveries: Sequence[Delivery], *, lease_s: float) -> None:
    """Go on holding these for ``lease_s`` seconds, unless somebody else got them meanwhile."""
    await connection.execute(_HOLD, [d.id for d in deliveries], [d.attempt for d in deliveries], lease_s)


async def acknowledge(connection: Any, delivery: Delivery) -> None:
    """Forget a delivery: it was handled, whoever holds it now."""
    await connection.execute("DELETE FROM deliveries WHERE id = $1", delivery.id)


async def postpone(connection: Any, delivery: Delivery, *, delay_s: float) -> None:
    """Deliver again in ``delay_s`` seconds, unless somebody else holds it now."""
    await connection.execute(
        "UPDATE deliveries SET due_at = now() + $3 * interval '1 s' WHERE id = $1 AND attempts = $2",
        delivery.id,
        delivery.attempt,
        delay_s,
    )


async def give_back(connection: Any, deliveries: Sequence[Delivery]) -> None:
    """Let somebody else have these at once; being stopped does not count as an attempt."""
    await connection.execute(
        "UPDATE deliveries d SET due_at = now(), attempts = d.attempts - 1"
        " FROM unnest($1::bigint[], $2::integer[]) AS held (id, attempts)"
        " WHERE d.id = held.id AND d.attempts = held.attempts",
        [d.id for d in deliveries],
        [d.attempt for d in deliveries],
    )


async def set_aside(connection: Any, delivery: Delivery, *, outcome: Outcome, reason: str, detail: str) -> None:
    """Turn a delivery into a dead letter, unless somebody else holds it now."""
    await connection.execute(_SET_ASIDE, delivery.id, delivery.attempt, outcome, reason, detail)


async def replay(connection: Any, dead_letter_id: str, *, tenant: str | None) -> None:
    """Turn a dead letter into a fresh delivery. Raises ``DeadLetterUnknown``, ``SubscriptionGone``."""
    key = letter_key(dead_letter_id)
    if await connection.execute(_REPLAY, key, tenant) == "INSERT 0 1":
        return
    sql = "SELECT subscription FROM dead_letters WHERE id = $1 AND ($2::text IS NULL OR tenant = $2)"
    subscription = await connection.fetchval(sql, key, tenant)
    if subscription is None:
        raise DeadLetterUnknown
    raise SubscriptionGone(f"Nobody subscribes as {subscription}")


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row["id"],
        attempt=row["attempts"],
        envelope=envelope(row),
        subscription=Subscription(
            name=row["subscription"],
            topic=row["type"],
            push_url=row["push_url"],
            max_attempts=row["max_attempts"],
            min_backoff_s=row["min_backoff_s"],
            max_backoff_s=row["max_backoff_s"],
        ),
    )
