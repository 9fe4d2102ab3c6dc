"""How long jobs took, and what a waiting one waits for; every statement walks an index, a bounded way."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.jobs.store.queues import is_paused

MOST_ENDS = 500
MOST_AHEAD = 10_000
_MOST_LINES = 20

_RECENT = f"""
SELECT extract(epoch FROM finished_at - started_at)::float8 AS seconds, finished_at,
  CASE WHEN jsonb_typeof(metadata -> 'size_bytes') = 'number' THEN (metadata ->> 'size_bytes')::float8 END AS size
FROM (
  SELECT state, started_at, finished_at, metadata FROM jobs
  WHERE tenant = $1 AND kind = $2 AND finished_at IS NOT NULL
  ORDER BY finished_at DESC, id DESC LIMIT {MOST_ENDS}
) AS ended
WHERE state = 'completed' AND started_at IS NOT NULL
"""

_AHEAD = f"""
SELECT {is_paused("$1")} AS paused, count(*) AS jobs
FROM (SELECT FROM jobs WHERE queue = $1 AND state = 'ready' AND rank_at < $2 LIMIT {MOST_AHEAD + 1}) AS ahead
"""

_HEADWAY = f"""
SELECT max(progress) - min(progress) AS progress, extract(epoch FROM now() - min(at))::float8 AS seconds
FROM (
  SELECT at, progress FROM job_events WHERE job_id = $1 AND attempt = $2 AND type = 'progress'
  ORDER BY id DESC LIMIT {_MOST_LINES}
) AS lines
"""


@dataclass(frozen=True)
class End:
    """A job that was completed: when, after how many seconds, and its size where it is known."""

    finished_at: datetime
    seconds: float
    size: float | None


async def recent(tx: Transaction, *, tenant: str, kind: str) -> list[End]:
    """The kind's last completed jobs, the last first."""
    rows = await tx.fetch(_RECENT, tenant, kind)
    return [End(row["finished_at"], row["seconds"], row["size"]) for row in rows]


async def ahead(tx: Transaction, *, queue: str, rank_at: datetime) -> int | None:
    """How many ready jobs come before a rank; None if they are too many to count, or the queue is paused."""
    row = await tx.fetchrow(_AHEAD, queue, rank_at)
    return None if row["paused"] or row["jobs"] > MOST_AHEAD else int(row["jobs"])


async def headway(tx: Transaction, job_id: UUID, *, attempt: int) -> tuple[float, float]:
    """By how much a job's progress rose of late, and in how many seconds up to now; (0, 0) if nothing is known."""
    row: Any = await tx.fetchrow(_HEADWAY, job_id, attempt)
    return row["progress"] or 0.0, row["seconds"] or 0.0


async def now(tx: Transaction) -> datetime:
    """The clock that jobs' times are told by."""
    moment: datetime = await tx.fetchval("SELECT now()")
    return moment
