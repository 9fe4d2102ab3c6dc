"""What the jobs of data sources tell of them."""

from collections.abc import Mapping, Sequence
from typing import Literal

from infra.postgres.database import Transaction
from services.jobs.store.views import LIVING

SourceStatus = Literal["IDLE", "PROCESSING", "PAUSED", "FAILED"]
"""PROCESSING: a job waits or is worked. PAUSED: what is not over is paused. FAILED: the job that ended last failed."""

# What was put off for later is not at work yet.
_AT_WORK = "state <> 'paused' AND (state <> 'scheduled' OR tries > 0 OR started_at IS NOT NULL)"
_STATUSES = f"""
SELECT s.id, CASE
  WHEN living.at_work THEN 'PROCESSING'
  WHEN living.paused THEN 'PAUSED'
  WHEN ended.state = 'failed' THEN 'FAILED'
  ELSE 'IDLE' END AS status
FROM unnest($2::text[]) AS s (id)
CROSS JOIN LATERAL (
  SELECT coalesce(bool_or({_AT_WORK}), false) AS at_work, coalesce(bool_or(state = 'paused'), false) AS paused
  FROM jobs WHERE tenant = $1 AND source_id = s.id AND {LIVING}
) AS living
LEFT JOIN LATERAL (
  SELECT state FROM jobs WHERE tenant = $1 AND source_id = s.id AND finished_at IS NOT NULL
  ORDER BY finished_at DESC LIMIT 1
) AS ended ON true
"""


async def statuses(tx: Transaction, source_ids: Sequence[str], *, tenant: str) -> Mapping[str, SourceStatus]:
    """What each of these sources is at."""
    return {row["id"]: row["status"] for row in await tx.fetch(_STATUSES, tenant, list(source_ids))}


async def living(tx: Transaction, source_id: str, *, tenant: str, limit: int) -> int:
    """How many jobs of a source are not over, counted up to ``limit``."""
    count: int = await tx.fetchval(
        f"SELECT count(*) FROM (SELECT FROM jobs WHERE tenant = $1 AND source_id = $2 AND {LIVING} LIMIT $3) AS found",
        tenant,
        source_id,
        limit,
    )
    return count
