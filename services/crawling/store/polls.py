"""Waiting crawls: one narrow row each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction
from services.jobs.store.queues import is_paused

_PAUSED = is_paused("'poll'")

# What nobody asked for long (the queue was paused, all were down) has not stood still: the stall clock starts anew.
_CLAIM = f"""
WITH due AS (
  SELECT crawl_id FROM polls
  WHERE due_at <= now() AND paused_at IS NULL AND provider <> ALL($2::text[]) AND NOT {_PAUSED}
  ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
)
UPDATE polls p SET token = token + 1, due_at = clock_timestamp() + $3 * interval '1 s',
  moved_at = CASE WHEN coalesce(answered_at, started_at) < now() - $4 * interval '1 s' THEN now() ELSE moved_at END
FROM due WHERE p.crawl_id = due.crawl_id
RETURNING p.crawl_id, p.provider, p.snapshot_id, p.token, p.answered, p.misses, p.watching, p.marker, p.moved_at,
  p.started_at, clock_timestamp() AS asked_at
"""

_RECORD = """
UPDATE polls p SET due_at = clock_timestamp() + a.seconds * interval '1 s', answered = p.answered + a.answered,
  answered_at = CASE WHEN a.answered > 0 THEN clock_timestamp() ELSE p.answered_at END,
  misses = CASE WHEN a.answered > 0 THEN 0 ELSE p.misses + a.missed END,
  status = CASE WHEN a.status = '' THEN p.status ELSE a.status END,
  moved_at = CASE WHEN a.answered > 0 AND a.marker <> p.marker THEN clock_timestamp() ELSE p.moved_at END,
  marker = CASE WHEN a.answered > 0 THEN a.marker ELSE p.marker END
FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::int[], $5::int[], $6::text[], $7::text[])
  AS a(crawl_id, token, seconds, answered, missed, status, marker)
WHERE p.crawl_id = a.crawl_id AND p.token = a.token
"""


class Due(Struct, frozen=True, kw_only=True):
    """A crawl whose provider is to be asked now. ``token`` proves the claim."""

    crawl_id: UUID
    provider: str
    snapshot_id: str
    token: int
    answered: int
    misses: int
    watching: bool
    marker: str
    moved_at: datetime
    started_at: datetime
    asked_at: datetime


class Note(Struct, frozen=True, kw_only=True):
    """What a poll left to remember: ask again in ``seconds``; ``answered`` and ``missed`` count it."""

    due: Due
    seconds: float
    answered: int = 0
    missed: int = 0
    status: str = ""
    marker: str = ""
    agreed: int | None = None


async def insert(
    tx: Transaction, crawl_id: UUID, *, provider: str, snapshot_id: str, seconds: float, watching: bool = False
) -> None:
    """Start to wait; the first poll is due in ``seconds``."""
    await tx.execute(
        "INSERT INTO polls (crawl_id, provider, snapshot_id, due_at, moved_at, started_at, watching)"
        " VALUES ($1, $2, $3, clock_timestamp() + $4 * interval '1 s', now(), now(), $5)"
        " ON CONFLICT (crawl_id) DO UPDATE SET snapshot_id = excluded.snapshot_id, due_at = excluded.due_at,"
        " token = polls.token + 1, answered = 0, misses = 0, watching = excluded.watching, marker = '',"
        " moved_at = now(), started_at = now(), paused_at = NULL",
        crawl_id,
        provider,
        snapshot_id,
        seconds,
        watching,
    )


async def claim(
    tx: Transaction, *, limit: int, resting: Sequence[str], lease_seconds: float, unasked_seconds: float = 1800.0
) -> list[Due]:
    """Take up to ``limit`` due polls of providers that are not resting; none while their queue is paused.

    Unanswered ones are due again after a lease. No headway counts only while somebody asks: not after an answer older
    than ``unasked_seconds``.
    """
    rows = await tx.fetch(_CLAIM, limit, list(resting), lease_seconds, unasked_seconds)
    return [Due(**{**dict(row), "crawl_id": UUID(str(row["crawl_id"]))}) for row in rows]


async def record(tx: Transaction, notes: Sequence[Note]) -> None:
    """Write many answers back in one statement; claims that were lost meanwhile stay as they are."""
    await tx.execute(
        _RECORD,
        [str(note.due.crawl_id) for note in notes],
        [note.due.token for note in notes],
        [note.seconds for note in notes],
        [note.answered for note in notes],
        [note.missed for note in notes],
        [note.status for note in notes],
        [note.marker for note in notes],
    )


async def finish(tx: Transaction, due: Due, *, status: str) -> bool:
    """Stop polling with this last answer, and keep what was learnt with the crawl; False if the claim was lost."""
    row = await tx.fetchrow(
        "DELETE FROM polls WHERE crawl_id = $1 AND token = $2"
        " RETURNING answered + 1 AS answered, clock_timestamp() AS answered_at,"
        " coalesce(nullif($3, ''), status) AS status",
        due.crawl_id,
        due.token,
        status,
    )
    if row is None:
        return False
    await _keep(tx, due.crawl_id, row)
    return True


async def stop(tx: Transaction, crawl_id: UUID) -> None:
    """Stop polling, whoever holds the claim."""
    row = await tx.fetchrow("DELETE FROM polls WHERE crawl_id = $1 RETURNING answered, answered_at, status", crawl_id)
    if row is not None:
        await _keep(tx, crawl_id, row)


async def due_now(tx: Transaction, crawl_id: UUID) -> None:
    """Somebody hinted that the provider is done."""
    # a poll under way may have asked before the provider was done: its claim ends, or it would put the hint off
    await tx.execute("UPDATE polls SET due_at = clock_timestamp(), token = token + 1 WHERE crawl_id = $1", crawl_id)


async def pause(tx: Transaction, crawl_id: UUID) -> None:
    """Nobody asks about the crawl any more; an answer under way comes too late."""
    await tx.execute(
        "UPDATE polls SET paused_at = now(), token = token + 1 WHERE crawl_id = $1 AND paused_at IS NULL", crawl_id
    )


async def resume(tx: Transaction, crawl_id: UUID) -> bool:
    """Ask at once, with all clocks as they stood; False if the crawl does not wait for its provider."""
    resumed = await tx.execute(
        "UPDATE polls SET paused_at = NULL, due_at = clock_timestamp(), token = token + 1,"
        " started_at = started_at + (now() - paused_at), moved_at = moved_at + (now() - paused_at)"
        " WHERE crawl_id = $1 AND paused_at IS NOT NULL",
        crawl_id,
    )
    return bool(resumed)


async def next_due_seconds(tx: Transaction) -> float | None:
    """Seconds until the next poll is due; None if nobody waits, or nobody may ask."""
    seconds = await tx.fetchval(
        "SELECT extract(epoch FROM min(due_at) - clock_timestamp()) FROM polls"
        f" WHERE paused_at IS NULL AND NOT {_PAUSED}"
    )
    return None if seconds is None else float(seconds)


async def _keep(tx: Transaction, crawl_id: UUID, row: Any) -> None:
    await tx.execute(
        "UPDATE crawls SET poll_count = poll_count + $2, last_poll_time = coalesce($3, last_poll_time),"
        " provider_status = coalesce(nullif($4, ''), provider_status) WHERE id = $1",
        crawl_id,
        row["answered"],
        row["answered_at"],
        row["status"],
    )
