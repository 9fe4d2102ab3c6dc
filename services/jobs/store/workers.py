"""Processes that work jobs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.postgres.database import Transaction, json_text

_REPORT = """
INSERT INTO workers (name, host, pid, started_at, slots) VALUES ($1, $2, $3, $4, $5::text::jsonb)
ON CONFLICT (name) DO UPDATE SET started_at = excluded.started_at, seen_at = now(), slots = excluded.slots
"""

# By a clock that was set back since, somebody may have been seen in the future: that says nothing of now.
_LATELY = "seen_at BETWEEN now() - $1 * interval '1 s' AND now() + $1 * interval '1 s'"

# What they hold is counted when somebody asks: what they said of it would be seconds old.
_SEEN = f"""
WITH held AS MATERIALIZED (SELECT worker, queue, count(*) AS jobs FROM jobs WHERE state = 'running' GROUP BY 1, 2)
SELECT name, host, pid, started_at, seen_at, slots,
  (SELECT coalesce(jsonb_object_agg(held.queue, held.jobs), '{{}}') FROM held WHERE held.worker = workers.name) AS busy
FROM workers WHERE {_LATELY} ORDER BY started_at, name
"""


async def report(
    tx: Transaction, name: str, *, host: str, pid: int, started_at: datetime, slots: Mapping[str, int]
) -> None:
    """A process is there, with room for ``slots[queue]`` jobs of a queue at once."""
    await tx.execute(_REPORT, name, host, pid, started_at, json_text(dict(slots)))


async def leave(tx: Transaction, name: str) -> None:
    """A process works no more."""
    await tx.execute("DELETE FROM workers WHERE name = $1", name)


async def seen(tx: Transaction, *, within_seconds: float) -> list[dict[str, Any]]:
    """The processes that were heard of a moment ago, oldest first; ``slots`` and ``busy`` by queue."""
    return [dict(row) for row in await tx.fetch(_SEEN, within_seconds)]


async def forget(tx: Transaction, *, unseen_seconds: float) -> int:
    """Remove those that were not heard of for long; returns how many."""
    return await tx.execute(f"DELETE FROM workers WHERE NOT ({_LATELY})", unseen_seconds)
