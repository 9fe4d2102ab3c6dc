"""Batches: how many jobs there were, and what became of them."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction, uuids
from services.jobs.store.views import COLUMNS, SHOWN

_NUMBERS = """
SELECT b.total_jobs, b.created_at, live.processing, live.open,
  b.successful + live.successful AS successful, b.failed + live.failed AS failed,
  b.cancelled + live.cancelled AS cancelled, b.successful + b.failed + b.cancelled AS archived,
  greatest(0, extract(epoch FROM CASE  -- 0 where the clock was set back meanwhile
    WHEN live.open = 0 THEN coalesce(greatest(live.last_end, b.last_end), b.created_at)
    ELSE clock_timestamp() END - b.created_at))::float8 AS seconds
FROM batches b, LATERAL (
  SELECT count(*) FILTER (WHERE state = 'completed') AS successful,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    count(*) FILTER (WHERE state = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE state = 'running' OR (state = 'waiting' AND started_at IS NOT NULL)) AS processing,
    count(*) FILTER (WHERE state NOT IN ('completed', 'failed', 'cancelled')) AS open,
    max(finished_at) AS last_end
  FROM jobs WHERE batch_id = b.id
) AS live
WHERE b.id = $1 AND b.tenant = $2
"""

_OPEN = """
SELECT asked.id FROM unnest($1::uuid[]) AS asked (id)
WHERE EXISTS (SELECT 1 FROM jobs WHERE batch_id = asked.id AND state NOT IN ('completed', 'failed', 'cancelled'))
"""


async def known(tx: Transaction, batch_id: UUID) -> dict[str, Any] | None:
    """The request that made this batch (``fingerprint``, ``total_jobs``), or None if there is none yet.

    Until the transaction ends, nobody else is answered for this id.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('id ' || $1::text, 0))", str(batch_id))
    row = await tx.fetchrow("SELECT fingerprint, total_jobs FROM batches WHERE id = $1", batch_id)
    return dict(row) if row else None


async def add(tx: Transaction, batch_id: UUID, *, tenant: str, total_jobs: int, fingerprint: str | None) -> None:
    """Remember a batch."""
    await tx.execute(
        "INSERT INTO batches (id, tenant, total_jobs, fingerprint) VALUES ($1, $2, $3, $4)",
        batch_id,
        tenant,
        total_jobs,
        fingerprint,
    )


async def numbers(tx: Transaction, batch_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """How many jobs are where (``archived``: of those that are over), and how long it took so far, in seconds.

    None for other tenants' batches too.
    """
    row = await tx.fetchrow(_NUMBERS, batch_id, tenant)
    return dict(row) if row else None


async def page(tx: Transaction, batch_id: UUID, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Jobs of a batch in the order of their submission, from just after one."""
    found = await tx.fetch(
        f"{SHOWN} WHERE batch_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        batch_id,
        after,
        limit,
    )
    return [dict(row) for row in found]


async def failures(tx: Transaction, batch_id: UUID, *, limit: int) -> list[dict[str, Any]]:
    """Its first failed jobs."""
    found = await tx.fetch(
        f"SELECT {COLUMNS} FROM jobs WHERE batch_id = $1 AND state = 'failed' ORDER BY id LIMIT $2", batch_id, limit
    )
    return [dict(row) for row in found]


async def still_open(tx: Transaction, batch_ids: Iterable[UUID]) -> set[UUID]:
    """Those with a job that is not over."""
    return {UUID(str(row["id"])) for row in await tx.fetch(_OPEN, uuids(batch_ids))}
