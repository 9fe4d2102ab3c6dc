"""Jobs that leave: out of PostgreSQL in batches, and found again in the warehouse."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction

# A failed job that nobody discarded is a dead letter, which somebody may still want to retry. A batch that is not over
# keeps its jobs: its result counts them. A job with a fingerprint answers for its Idempotency-Key: gone too early, the
# same request would make it anew.
#
# What a job weighs is known only once it is read whole. What it takes on disk costs nothing to ask and bounds how many
# are read for it: compressed, so a batch that passes the first bound may still be cut by the second.
#
# By the index of what ended, from the tenant and kind whose oldest job is the oldest to the next, until the batch is
# full: no batch reads or locks what others will take.
_LEAVE = """
WITH RECURSIVE tenants AS (
  (SELECT tenant FROM jobs WHERE finished_at IS NOT NULL ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT tenant FROM jobs WHERE finished_at IS NOT NULL AND tenant > t.tenant ORDER BY tenant LIMIT 1)
  FROM tenants t WHERE t.tenant IS NOT NULL
), heads AS (
  SELECT t.tenant, k.kind, h.finished_at FROM tenants t CROSS JOIN unnest($2::text[]) AS k (kind) CROSS JOIN LATERAL (
    SELECT finished_at FROM jobs
    WHERE tenant = t.tenant AND kind = k.kind AND finished_at < now() - $3 * interval '1 day'
    ORDER BY finished_at LIMIT 1
  ) h
  ORDER BY h.finished_at, t.tenant, k.kind
), old AS (
  SELECT o.* FROM heads h CROSS JOIN LATERAL (
    SELECT id, finished_at, pg_column_size(payload) + coalesce(pg_column_size(result), 0)
      + {stored} AS stored FROM jobs
    WHERE tenant = h.tenant AND kind = h.kind AND finished_at < now() - $3 * interval '1 day'
      AND (state IN ('completed', 'cancelled')
        OR state = 'failed' AND (discarded_at IS NOT NULL OR finished_at < now() - $4 * interval '1 day'))
      AND (fingerprint IS NULL OR created_at < now() - $7 * interval '1 day')
      AND NOT EXISTS (SELECT FROM jobs o
        WHERE o.batch_id = jobs.batch_id AND o.state NOT IN ('completed', 'failed', 'cancelled'))
      AND NOT ({needed})
    ORDER BY finished_at, id LIMIT $5 FOR UPDATE SKIP LOCKED
  ) o
  LIMIT $5
), light AS (
  SELECT id FROM (SELECT id, sum(stored) OVER (ORDER BY finished_at, id) - stored AS before FROM old) AS o
  WHERE before < $6
), weighed AS (
  SELECT id, finished_at, octet_length(payload::text) + coalesce(octet_length(result::text), 0) + {read} AS bytes
  FROM jobs WHERE id IN (SELECT id FROM light)
), chosen AS (
  SELECT id FROM (SELECT id, sum(bytes) OVER (ORDER BY finished_at, id) - bytes AS before FROM weighed) AS w
  WHERE before < $6
), gone AS (
  DELETE FROM jobs j USING chosen WHERE j.id = chosen.id RETURNING j.*
), known AS (
  INSERT INTO archived_jobs (job_id) SELECT id FROM gone ON CONFLICT DO NOTHING
), told AS (
  DELETE FROM job_events e USING gone WHERE e.job_id = gone.id
), counted AS (
  UPDATE batches b SET successful = b.successful + g.successful, failed = b.failed + g.failed,
    cancelled = b.cancelled + g.cancelled, last_end = greatest(b.last_end, g.last_end)
  FROM (SELECT batch_id, count(*) FILTER (WHERE state = 'completed') AS successful,
      count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
      max(finished_at) AS last_end
    FROM gone WHERE batch_id IS NOT NULL GROUP BY batch_id) AS g
  WHERE b.id = g.batch_id
)
INSERT INTO leaving_jobs (load_id, job_id, tenant, job) SELECT $1, id, tenant, to_jsonb(gone) FROM gone
"""


class Beside(Struct, frozen=True, kw_only=True):
    """What another context keeps beside its jobs, said in SQL about a row of ``jobs``.

    A job stays while it is ``needed``. What leaves with it weighs so many bytes on disk (``stored``) and as text
    (``read``).
    """

    needed: str = "false"
    stored: str = "0"
    read: str = "0"


ALONE = Beside()


async def leave(
    tx: Transaction,
    load_id: UUID,
    *,
    kinds: Sequence[str],
    days: float,
    dead_letter_days: float,
    key_days: float,
    limit: int,
    most_bytes: int,
    beside: Beside = ALONE,
) -> int:
    """Put the oldest jobs that ended more than ``days`` ago into one batch, without their timelines; how many.

    Those with an Idempotency-Key stay ``key_days`` at least. A batch has ``limit`` jobs at most, and ends with the job
    whose payload, result and what is ``beside`` pass ``most_bytes``. None while somebody else does it.
    """
    # One at a time: two who count jobs of the same batches could wait for each other for ever.
    if not await tx.fetchval("SELECT pg_try_advisory_xact_lock(hashtextextended('jobs leave', 0))"):
        return 0
    sql = _LEAVE.format(needed=beside.needed, stored=beside.stored, read=beside.read)
    return await tx.execute(sql, load_id, list(kinds), days, dead_letter_days, limit, most_bytes, key_days)


async def batches(tx: Transaction) -> list[UUID]:
    """Batches that are not in the warehouse yet."""
    found = await tx.fetch("SELECT DISTINCT load_id FROM leaving_jobs")
    return [UUID(str(row["load_id"])) for row in found]


async def batch(tx: Transaction, load_id: UUID) -> list[str]:
    """The jobs of a batch as their rows were, each as JSON text, always in the same order."""
    found = await tx.fetch("SELECT job::text AS job FROM leaving_jobs WHERE load_id = $1 ORDER BY job_id", load_id)
    return [row["job"] for row in found]


async def arrived(tx: Transaction, load_id: UUID) -> None:
    """A batch is in the warehouse: it is not kept here any more."""
    await tx.execute("DELETE FROM leaving_jobs WHERE load_id = $1", load_id)


async def leaving(tx: Transaction, job_id: UUID) -> tuple[UUID, dict[str, Any]] | None:
    """A job that is on its way into the warehouse, with its batch."""
    row = await tx.fetchrow("SELECT load_id, job FROM leaving_jobs WHERE job_id = $1", job_id)
    return (UUID(str(row["load_id"])), row["job"]) if row else None


async def has_left(tx: Transaction, job_id: UUID) -> bool:
    """Whether a job with this id ever left: no other is in the warehouse."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM archived_jobs WHERE job_id = $1)", job_id))
