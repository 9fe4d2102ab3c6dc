"""What happened to jobs, counted: from the lines of the timeline into hours and totals, each line once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from infra.postgres.database import Transaction
from infra.postgres.instance import at_length, unbounded

ENDS = ("completed", "failed", "cancelled")
COUNTED = ("queued", "started", "retrying", "lease_expired", *ENDS)
"""The types of lines that are counted at all."""

_PLACE = """
SELECT c.xid, c.id, c.restored_at < i.restored_at AS restored
FROM job_stats_cursor c CROSS JOIN instance i FOR UPDATE OF c SKIP LOCKED
"""

# After a restore transactions have other numbers: lines from before come first, and of those the counted ones.
_REORDER = """
UPDATE job_events e SET xid = CASE WHEN (e.xid, e.id) > ($1::xid8, $2::bigint) THEN '1'::xid8 ELSE '0'::xid8 END
FROM instance i WHERE e.at < i.restored_at
"""
_BEGIN_ANEW = """
UPDATE job_stats_cursor c SET xid = '1', id = 0, restored_at = i.restored_at FROM instance i RETURNING c.xid, c.id
"""

# What a running transaction may still write comes before what is settled: those lines wait for the next turn. Where
# the clock was set back a job may have ended before it began: that took no time, and sums only rise.
_COUNT = """
WITH lines AS MATERIALIZED (
  SELECT xid, id, at, tenant, kind, queue, type, greatest(seconds::float8, 0) AS seconds,
    CASE WHEN type = ANY($5) AND seconds IS NOT NULL THEN
      ceil(ln(greatest(seconds::float8, $6)) / ln($7::float8))::smallint END AS bucket
  FROM job_events
  WHERE (xid, id) > ($1::xid8, $2::bigint) AND xid < pg_snapshot_xmin(pg_current_snapshot())
  ORDER BY xid, id LIMIT $3
), by_hour AS (
  INSERT INTO job_stats AS s (hour, tenant, kind, queue, outcome, bucket, count, seconds)
  SELECT date_trunc('hour', at), tenant, kind, queue, type, bucket, count(*), sum(seconds)
  FROM lines WHERE type = ANY($5) GROUP BY 1, 2, 3, 4, 5, 6
  ON CONFLICT (hour, tenant, kind, queue, outcome, bucket)
  DO UPDATE SET count = s.count + excluded.count, seconds = s.seconds + excluded.seconds
), in_all AS (
  INSERT INTO job_totals AS t (kind, type, bucket, count, seconds)
  SELECT kind, type, bucket, count(*), sum(seconds)
  FROM lines WHERE type = ANY($4) GROUP BY 1, 2, 3
  ON CONFLICT (kind, type, bucket)
  DO UPDATE SET count = t.count + excluded.count, seconds = t.seconds + excluded.seconds
), moved AS (
  UPDATE job_stats_cursor c SET xid = last.xid, id = last.id
  FROM (SELECT xid, id FROM lines ORDER BY xid DESC, id DESC LIMIT 1) AS last
)
SELECT count(*) FROM lines
"""

_FITS = """tenant = $1 AND hour >= $2 AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR queue = $4)"""

# The hour that runs, and of the one before as much as is missing to a whole one.
_RECENT = """
SELECT kind, sum(w * count) FILTER (WHERE outcome = 'failed') AS failed, sum(w * count) AS ended
FROM (
  SELECT kind, outcome, count, CASE WHEN hour = date_trunc('hour', $1::timestamptz) THEN 1.0
    ELSE 1.0 - extract(epoch FROM $1 - date_trunc('hour', $1)) / 3600.0 END AS w
  FROM job_stats
  WHERE hour >= date_trunc('hour', $1) - interval '1 hour' AND hour <= $1 AND outcome IN ('completed', 'failed')
) AS weighed GROUP BY kind
"""


async def count(tx: Transaction, *, limit: int, growth: float, least_seconds: float) -> int:
    """Count the next lines, ``limit`` at most; returns how many. None are left to whoever counts at this moment."""
    place = await tx.fetchrow(_PLACE)
    if place is None:
        return 0
    if place["restored"]:
        place = await _reordered(tx, place)
    args = (place["xid"], place["id"], limit, list(COUNTED), list(ENDS), least_seconds, growth)
    counted: int = await tx.fetchval(_COUNT, *args)
    return counted


async def _reordered(tx: Transaction, place: Any) -> Any:
    await unbounded(tx)
    await at_length(tx, _REORDER, place["xid"], place["id"])
    return await tx.fetchrow(_BEGIN_ANEW)


async def by_day(
    tx: Transaction, *, tenant: str, since: datetime, kind: str | None, queue: str | None
) -> list[dict[str, Any]]:
    """Ends by UTC day and outcome, with the seconds they took; ``timed`` of them had started."""
    found = await tx.fetch(
        "SELECT (hour AT TIME ZONE 'UTC')::date AS day, outcome, sum(count)::bigint AS count, sum(seconds) AS seconds,"
        " coalesce(sum(count) FILTER (WHERE bucket IS NOT NULL), 0)::bigint AS timed"
        f" FROM job_stats WHERE {_FITS} GROUP BY 1, 2",
        tenant,
        since,
        kind,
        queue,
    )
    return [dict(row) for row in found]


async def durations(
    tx: Transaction, *, tenant: str, since: datetime, kind: str | None, queue: str | None
) -> dict[str, dict[int, int]]:
    """How many ended jobs fell into which bucket of durations, by kind; cancelled ones say nothing and are left out."""
    found = await tx.fetch(
        f"SELECT kind, bucket, sum(count)::bigint AS count FROM job_stats WHERE {_FITS}"
        " AND outcome <> 'cancelled' AND bucket IS NOT NULL GROUP BY 1, 2",
        tenant,
        since,
        kind,
        queue,
    )
    counts: dict[str, dict[int, int]] = {}
    for row in found:
        counts.setdefault(row["kind"], {})[row["bucket"]] = row["count"]
    return counts


async def ended_by_queue(tx: Transaction, *, tenant: str, since: datetime) -> list[dict[str, Any]]:
    """Ends since the start of an hour, by queue and outcome."""
    found = await tx.fetch(
        "SELECT queue, outcome, sum(count)::bigint AS count FROM job_stats WHERE tenant = $1"
        " AND hour >= date_trunc('hour', $2::timestamptz) GROUP BY 1, 2",
        tenant,
        since,
    )
    return [dict(row) for row in found]


async def failures(tx: Transaction, *, now: datetime) -> Mapping[str, tuple[float, float]]:
    """By kind, how many jobs failed and how many ended (cancelled ones aside) in about the last hour."""
    found = await tx.fetch(_RECENT, now)
    return {row["kind"]: (float(row["failed"] or 0), float(row["ended"])) for row in found}


async def totals(tx: Transaction) -> list[dict[str, Any]]:
    """What ever happened, by kind, type of line and bucket."""
    found = await tx.fetch("SELECT kind, type, bucket, count, seconds FROM job_totals ORDER BY kind, type, bucket")
    return [dict(row) for row in found]


async def forget(tx: Transaction, *, days: int, limit: int) -> int:
    """Remove hours that are too old; returns how many rows."""
    return await tx.execute(
        "DELETE FROM job_stats WHERE ctid IN"
        " (SELECT ctid FROM job_stats WHERE hour < now() - $1 * interval '1 day' LIMIT $2)",
        days,
        limit,
    )
