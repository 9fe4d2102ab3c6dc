"""Events stored in the transaction that caused them, and the log of all that were."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from infra.runtime.telemetry import trace
from schemas.envelope import Envelope, source

if TYPE_CHECKING:
    from schemas.event import Event

COLUMNS = "id, type, tenant, subject, time, data, traceparent"


def storing(facts: str) -> str:
    """SQL that stores events, as two parts of a WITH; ``facts`` is a part before them, with these ``COLUMNS``.

    The outbox row goes when it is published; the log keeps the fact for everybody who asks later.
    """
    return (
        f"unpublished AS (INSERT INTO outbox ({COLUMNS}) SELECT {COLUMNS} FROM {facts} RETURNING {COLUMNS}),"
        f" logged AS (INSERT INTO events ({COLUMNS}) SELECT {COLUMNS} FROM unpublished)"
    )


# Only texts, which are sent at a fraction of what arrays of other types cost.
_STORE = f"""
WITH facts AS (
  SELECT id::uuid AS id, type, tenant, subject, now() AS time, data::jsonb AS data, traceparent
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS given (id, type, tenant, subject, data, traceparent)
), {storing("facts")}
SELECT
"""

# A claimed row that is not published within the lease is claimed again: a duplicate at worst, never a loss.
_CLAIM = """
WITH due AS (
  SELECT seq FROM outbox WHERE due_at <= now() ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE outbox o SET due_at = clock_timestamp() + interval '10 s', tries = tries + 1
FROM due WHERE o.seq = due.seq
RETURNING o.seq, o.id, o.type, o.tenant, o.subject, o.time, o.data, o.traceparent
"""


class Fact(Struct, frozen=True, kw_only=True):
    """An event before it is stored; its time is the transaction's."""

    id: str
    type: str
    tenant: str
    subject: str
    data: str  # JSON
    traceparent: str | None


def fact(event: "Event", *, tenant: str) -> Fact:
    """An event as it is stored; it belongs to the trace of what is being done."""
    return Fact(
        id=event.id,
        type=event.topic,
        tenant=tenant,
        subject=event.subject,
        data=event.model_dump_json(),
        traceparent=trace.current(),
    )


async def store(connection: Any, facts: Sequence[Fact]) -> None:
    """Keep events in the open transaction."""
    await connection.execute(
        _STORE,
        [one.id for one in facts],
        [one.type for one in facts],
        [one.tenant for one in facts],
        [one.subject for one in facts],
        [one.data for one in facts],
        [one.traceparent for one in facts],
    )


async def claim(connection: Any, limit: int) -> dict[int, Envelope]:
    """Take up to ``limit`` unpublished events for 10 s; the keys are what ``published`` wants back."""
    rows = await connection.fetch(_CLAIM, limit)
    return {row["seq"]: envelope(row) for row in sorted(rows, key=lambda row: row["seq"])}


async def published(connection: Any, claimed: Sequence[int]) -> None:
    """These were told; forget them here."""
    await connection.execute("DELETE FROM outbox WHERE seq = ANY($1::bigint[])", list(claimed))


async def postpone(connection: Any, claimed: Sequence[int]) -> None:
    """The bus refused these: wait longer with every try, at most a minute."""
    await connection.execute(
        "UPDATE outbox SET due_at = clock_timestamp() + least(60, power(2, tries)) * interval '1 s'"
        " WHERE seq = ANY($1::bigint[])",
        list(claimed),
    )


async def oldest_seconds(connection: Any) -> float:
    """Age of the oldest unpublished event, in seconds; 0 if all are told."""
    age = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp() - min(time)) FROM outbox")
    return float(age or 0)


def envelope(row: Any) -> Envelope:
    """A stored event as it goes out."""
    return Envelope(
        id=str(row["id"]),
        type=row["type"],
        source=source(row["type"]),
        tenant=row["tenant"],
        subject=row["subject"],
        time=row["time"],
        data=row["data"],
        traceparent=row["traceparent"],
    )
