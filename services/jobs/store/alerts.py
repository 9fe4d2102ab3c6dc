"""Alerts as rows: at most one of a rule and a subject is open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.jobs.alerts.judge import Standing

Key = tuple[str, str]
"""A rule and what it is about."""

# A look in the future was by a clock that was set back since: nobody waits for that time to come.
_TURN = """
UPDATE alert_watch SET looked_at = now() WHERE one IN (
  SELECT one FROM alert_watch
  WHERE looked_at <= now() - $1 * interval '1 s' OR looked_at > now() + $1 * interval '1 s' FOR UPDATE SKIP LOCKED)
"""

_TIMES = "since, looked_at, value, last_value, raised_at, calm_since, cleared_at"

_KEEP = """
INSERT INTO alerts (id, rule, subject, level, message, since, looked_at, value, last_value, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO UPDATE SET message = excluded.message, since = excluded.since, looked_at = excluded.looked_at,
  value = excluded.value, last_value = excluded.last_value, raised_at = excluded.raised_at, calm_since = $11,
  cleared_at = $12
"""

_PAGE = f"""
SELECT id, rule, subject, level, message, {_TIMES} FROM alerts
WHERE raised_at IS NOT NULL AND ($1::boolean IS NULL OR (cleared_at IS NULL) = $1)
  AND ($2::timestamptz IS NULL OR (raised_at, id) < ($2, $3::uuid))
ORDER BY raised_at DESC, id DESC LIMIT $4
"""


async def take_turn(tx: Transaction, *, every_seconds: float) -> bool:
    """Whether it is time to look, and nobody else does."""
    return bool(await tx.execute(_TURN, every_seconds))


async def unwatched_seconds(tx: Transaction) -> float:
    """How long ago somebody looked last."""
    seconds: float = await tx.fetchval("SELECT extract(epoch FROM now() - looked_at)::float8 FROM alert_watch")
    return seconds


async def undecided(tx: Transaction, *, within_seconds: float) -> bool:
    """Whether something was suspected, or began to pass, at a look in so many seconds: only another one can tell."""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM alerts WHERE cleared_at IS NULL AND (raised_at IS NULL OR calm_since IS NOT NULL)"
        " AND looked_at > now() - $1 * interval '1 s')",
        within_seconds,
    )
    return found


async def open_ones(tx: Transaction) -> dict[Key, tuple[UUID, str, Standing]]:
    """What is suspected or raised and not cleared yet: id, message and standing, by rule and subject."""
    found = await tx.fetch(f"SELECT id, rule, subject, message, {_TIMES} FROM alerts WHERE cleared_at IS NULL")
    return {
        (row["rule"], row["subject"]): (
            UUID(str(row["id"])),
            row["message"],
            Standing(**{name: row[name] for name in _TIMES.split(", ")}),
        )
        for row in found
    }


async def keep(tx: Transaction, alert_id: UUID, key: Key, standing: Standing, *, level: str, message: str) -> None:
    """Write down how an alert stands now."""
    of = standing
    times = (of.since, of.looked_at, of.value, of.last_value, of.raised_at, of.calm_since, of.cleared_at)
    await tx.execute(_KEEP, alert_id, *key, level, message, *times)


async def drop(tx: Transaction, alert_id: UUID) -> None:
    """Forget what was suspected and passed."""
    await tx.execute("DELETE FROM alerts WHERE id = $1", alert_id)


async def standing(tx: Transaction) -> list[dict[str, Any]]:
    """Level and message of every alert that is raised and not cleared, the gravest first."""
    found = await tx.fetch(
        "SELECT level, message FROM alerts WHERE cleared_at IS NULL AND raised_at IS NOT NULL"
        " ORDER BY array_position(ARRAY['critical', 'error', 'warning'], level), raised_at, id"
    )
    return [dict(row) for row in found]


async def page(
    tx: Transaction, *, standing: bool | None, before: tuple[datetime, UUID] | None, limit: int
) -> list[Mapping[str, Any]]:
    """Alerts that were raised, the newest first; those that stand, those that are over, or both."""
    place = before or (None, None)
    return [dict(row) for row in await tx.fetch(_PAGE, standing, *place, limit)]


async def forget(tx: Transaction, *, days: int) -> int:
    """Remove alerts that are over for so long; returns how many."""
    return await tx.execute("DELETE FROM alerts WHERE cleared_at < now() - $1 * interval '1 day'", days)
