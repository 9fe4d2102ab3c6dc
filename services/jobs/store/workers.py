"""Processes that work jobs."""

from datetime import datetime
from typing import Any

from infra.postgres.database import Transaction

_REPORT = """
INSERT INTO workers (name, host, pid, started_at, slots, busy) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, seen_at = now(),
  slots = excluded.slots, busy = excluded.busy
"""


async def report(
    tx: Transaction, name: str, *, host: str, pid: int, started_at: datetime, slots: int, busy: int
) -> None:
    """A process is there, with room for ``slots`` jobs at once, ``busy`` of them taken."""
    await tx.execute(_REPORT, name, host, pid, started_at, slots, busy)


async def leave(tx: Transaction, name: str) -> None:
    """A process works no more."""
    await tx.execute("DELETE FROM workers WHERE name = $1", name)


async def seen(tx: Transaction, *, within_seconds: float) -> list[dict[str, Any]]:
    """The processes that were heard of a moment ago, oldest first."""
    found = await tx.fetch(
        "SELECT name, host, pid, started_at, seen_at, slots, busy FROM workers"
        " WHERE seen_at > now() - $1 * interval '1 s' ORDER BY started_at, name",
        within_seconds,
    )
    return [dict(row) for row in found]


async def forget(tx: Transaction, *, unseen_seconds: float) -> int:
    """Remove those that were not heard of for long; returns how many."""
    return await tx.execute("DELETE FROM workers WHERE seen_at < now() - $1 * interval '1 s'", unseen_seconds)
