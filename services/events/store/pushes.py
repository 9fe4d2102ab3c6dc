"""Events on their way to other teams' endpoints."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction
from schemas.envelope import Envelope

_FAN_OUT = """
INSERT INTO pushes (subscription_id, event_id, type, source, tenant, subject, time, data, traceparent)
SELECT s.id, $1, $2, $3, $4, $5, $6, $7, $8 FROM event_subscriptions s WHERE s.tenant = $4 AND s.topic = $2
FOR KEY SHARE OF s
ON CONFLICT (subscription_id, event_id) DO NOTHING
"""

# Failing endpoints get one push at a time, and all of them together no more than their share of the room. The order
# is drawn, so that no endpoint is always last.
_CLAIM = """
WITH lanes AS MATERIALIZED (
  SELECT s.id, s.push_url, s.secret, s.failures > 0 AS failing,
         CASE WHEN s.failures > 0 THEN 1 ELSE $4 END - coalesce(b.busy, 0) AS room,
         row_number() OVER (PARTITION BY s.failures > 0 ORDER BY random()) AS draw
  FROM event_subscriptions s LEFT JOIN unnest($1::uuid[], $2::integer[]) AS b (id, busy) ON b.id = s.id
  WHERE EXISTS (SELECT FROM pushes p WHERE p.subscription_id = s.id AND p.due_at <= now())
    AND CASE WHEN s.failures > 0 THEN 1 ELSE $4 END > coalesce(b.busy, 0)
), due AS MATERIALIZED (
  SELECT l.id, l.push_url, l.secret, l.failing, d.event_id
  FROM (SELECT * FROM lanes WHERE NOT failing OR draw <= $5 ORDER BY failing, draw) l
  CROSS JOIN LATERAL (
    SELECT event_id FROM pushes WHERE subscription_id = l.id AND due_at <= now()
    ORDER BY due_at LIMIT l.room FOR UPDATE SKIP LOCKED
  ) d
  LIMIT $3
)
UPDATE pushes p SET attempts = attempts + 1, due_at = now() + $6 * interval '1 s'
FROM due WHERE p.subscription_id = due.id AND p.event_id = due.event_id
RETURNING p.*, due.push_url, due.secret, due.failing
"""

_TAKEN = """
WITH taken AS (DELETE FROM pushes WHERE subscription_id = $1 AND event_id = $2)
UPDATE event_subscriptions SET failures = 0 WHERE id = $1 AND failures > 0
"""

_FAILED = """
WITH later AS (
  UPDATE pushes SET due_at = now() + $4 * interval '1 s'
  WHERE subscription_id = $1 AND event_id = $2 AND attempts = $3
)
UPDATE event_subscriptions SET failures = failures + 1, last_error = $5, last_error_at = now() WHERE id = $1
"""

_GIVEN_UP = """
WITH gone AS (DELETE FROM pushes WHERE subscription_id = $1 AND event_id = $2 AND attempts = $3 RETURNING event_id)
UPDATE event_subscriptions
SET failures = failures + 1, given_up = given_up + (SELECT count(*) FROM gone), last_error = $4, last_error_at = now()
WHERE id = $1
"""


class Push(Struct, frozen=True, kw_only=True):
    """A claimed row: an event, where it goes, and which attempt holds it."""

    subscription_id: UUID
    push_url: str
    secret: str
    failing: bool
    attempt: int
    created_at: datetime
    event: Envelope


async def fan_out(tx: Transaction, event: Envelope) -> int:
    """Give every subscription of the event's tenant and topic a push of it, once; returns how many are new."""
    return await tx.execute(
        _FAN_OUT,
        event.id,
        event.type,
        event.source,
        event.tenant,
        event.subject,
        event.time,
        event.data,
        event.traceparent,
    )


async def claim(
    tx: Transaction, *, busy: Mapping[UUID, int], room: int, lane: int, failing_room: int, lease_s: float
) -> list[Push]:
    """Take up to ``room`` due pushes for ``lease_s`` seconds.

    An endpoint gets at most ``lane`` minus those it is ``busy`` with, a failing one at most one, and failing ones
    together at most ``failing_room``.
    """
    rows = await tx.fetch(_CLAIM, list(busy), list(busy.values()), room, lane, failing_room, lease_s)
    return [_push(row) for row in rows]


async def taken(tx: Transaction, push: Push) -> None:
    """The endpoint has it."""
    await tx.execute(_TAKEN, push.subscription_id, push.event.id)


async def failed(tx: Transaction, push: Push, *, delay_s: float, error: str) -> None:
    """Push again in ``delay_s`` seconds."""
    await tx.execute(_FAILED, push.subscription_id, push.event.id, push.attempt, delay_s, error)


async def give_up(tx: Transaction, push: Push, *, error: str) -> None:
    """Drop the push and count it on its subscription."""
    await tx.execute(_GIVEN_UP, push.subscription_id, push.event.id, push.attempt, error)


def _push(row: Any) -> Push:
    columns = ("type", "source", "tenant", "subject", "time", "data", "traceparent")
    return Push(
        subscription_id=row["subscription_id"],
        push_url=row["push_url"],
        secret=row["secret"],
        failing=row["failing"],
        attempt=row["attempts"],
        created_at=row["created_at"],
        event=Envelope(id=row["event_id"], **{column: row[column] for column in columns}),
    )


async def next_due_seconds(tx: Transaction) -> float | None:
    """Seconds until the next push is due, at most 0 if one is; None if there is none."""
    seconds = await tx.fetchval(
        "SELECT extract(epoch FROM min(due_at) - clock_timestamp()) FROM event_subscriptions s"
        " CROSS JOIN LATERAL (SELECT min(due_at) AS due_at FROM pushes WHERE subscription_id = s.id) AS first"
    )
    return None if seconds is None else float(seconds)
