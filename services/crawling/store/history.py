"""Crawls that leave: out of PostgreSQL beside their jobs, and found again in the warehouse."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.jobs.store.history import Beside

# A crawl that is watched may still get ready, and a load reads the crawl it is for: one under way, and one that failed,
# which somebody may retry as long as it is a dead letter. Each branch has an index of its own, and all are read once a
# batch.
_NEEDED = """
EXISTS (SELECT FROM polls p WHERE p.crawl_id = jobs.id)
OR jobs.id::text IN (
  SELECT coalesce(l.payload->>'crawl_id', '') FROM jobs l
    WHERE l.kind = 'load' AND l.queue = 'load' AND l.state = 'ready'
  UNION ALL SELECT coalesce(l.payload->>'crawl_id', '') FROM jobs l
    WHERE l.kind = 'load' AND l.queue = 'load' AND l.state IN ('scheduled', 'waiting', 'paused')
  UNION ALL SELECT coalesce(l.payload->>'crawl_id', '') FROM jobs l WHERE l.kind = 'load' AND l.state = 'running'
  UNION ALL SELECT coalesce(l.payload->>'crawl_id', '') FROM jobs l
    WHERE l.kind = 'load' AND l.state = 'failed' AND l.discarded_at IS NULL)
"""
_INPUTS = "coalesce((SELECT {size}(c.inputs{cast}) FROM crawls c WHERE c.id = jobs.id), 0)"

BESIDE = Beside(
    needed=_NEEDED,
    stored=_INPUTS.format(size="pg_column_size", cast=""),
    read=_INPUTS.format(size="octet_length", cast="::text"),
)

# What says who may hint goes nowhere else.
_LEAVE = """
WITH gone AS (
  DELETE FROM crawls c USING leaving_jobs l WHERE l.load_id = $1 AND c.id = l.job_id
  RETURNING c.id, l.job || (to_jsonb(c) - 'webhook_token') AS crawl
), before AS (
  DELETE FROM ended_attempts e USING gone WHERE e.crawl_id = gone.id RETURNING e.*
), loaded AS (
  DELETE FROM loads USING gone WHERE loads.crawl_id = gone.id
)
INSERT INTO leaving_crawls (load_id, crawl_id, attempt, crawl)
SELECT $1, id, (crawl->>'attempt')::integer, crawl FROM gone
UNION ALL SELECT $1, crawl_id, attempt, crawl FROM before
"""

_KEEP = """
INSERT INTO ended_attempts (crawl_id, attempt, crawl)
SELECT c.id, j.attempt, to_jsonb(j) - 'payload' || (to_jsonb(c) - 'webhook_token' - 'inputs' - 'options')
FROM crawls c JOIN jobs j ON j.id = c.id WHERE c.id = $1
ON CONFLICT DO NOTHING
"""


async def keep_attempt(tx: Transaction, crawl_id: UUID) -> None:
    """Remember how the current attempt ended, before the next one begins."""
    await tx.execute(_KEEP, crawl_id)


async def leave(tx: Transaction, load_id: UUID) -> None:
    """What belongs to the jobs of this batch goes with them, all attempts."""
    await tx.execute(_LEAVE, load_id)


async def batches(tx: Transaction) -> list[UUID]:
    """Batches that are not in the warehouse yet."""
    found = await tx.fetch("SELECT DISTINCT load_id FROM leaving_crawls")
    return [UUID(str(row["load_id"])) for row in found]


async def batch(tx: Transaction, load_id: UUID) -> list[str]:
    """The attempts of a batch as their rows were, each as JSON text, always in the same order."""
    found = await tx.fetch(
        "SELECT crawl::text AS crawl FROM leaving_crawls WHERE load_id = $1 ORDER BY crawl_id, attempt", load_id
    )
    return [row["crawl"] for row in found]


async def arrived(tx: Transaction, load_id: UUID) -> None:
    """A batch is in the warehouse: it is not kept here any more."""
    await tx.execute("DELETE FROM leaving_crawls WHERE load_id = $1", load_id)


async def leaving(tx: Transaction, crawl_id: UUID) -> tuple[UUID, dict[str, Any]] | None:
    """The last attempt of a crawl that is on its way into the warehouse, with its batch."""
    row = await tx.fetchrow(
        "SELECT load_id, crawl FROM leaving_crawls WHERE crawl_id = $1"
        " ORDER BY (crawl->>'created_at')::timestamptz DESC, attempt DESC LIMIT 1",
        crawl_id,
    )
    return (UUID(str(row["load_id"])), row["crawl"]) if row else None
