"""What callers see of crawls."""

from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.jobs.store.queues import is_paused

_VIEW = f"""
SELECT c.id, c.tenant, c.provider, c.dataset_id, c.platform, c.competitor, c.warehouse, c.warehouse_state,
  c.snapshot_id, c.snapshot_dead, c.ready_for_download, c.triggered_at, c.created_at,
  coalesce(nullif(p.status, ''), c.provider_status) AS provider_status,
  c.poll_count + coalesce(p.answered, 0) AS poll_count,
  coalesce(p.answered_at, c.last_poll_time) AS last_poll_time,
  p.crawl_id IS NOT NULL AND NOT p.watching AND p.paused_at IS NULL AS polling_active,
  {is_paused("j.queue")} AS queue_paused,
  EXISTS (SELECT FROM erasures e WHERE e.crawl_id = c.id) AS erasing,
  c.submitted_at, c.proven, p.due_at AS poll_due_at, j.metadata, j.source_id,
  j.state, j.queue, j.step, j.attempt, j.tries, j.progress, j.result, j.priority, j.due_at, j.want,
  j.error_code, j.error_stage, j.error_message, j.error_recovery,
  coalesce(j.finished_at, now()) AS until, j.started_at, j.finished_at
FROM crawls c JOIN jobs j ON j.id = c.id LEFT JOIN polls p ON p.crawl_id = c.id
"""


async def one(tx: Transaction, crawl_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """Everything shown of one crawl; None for other tenants' crawls too."""
    row = await tx.fetchrow(f"{_VIEW} WHERE c.id = $1 AND c.tenant = $2", crawl_id, tenant)
    return dict(row) if row else None


async def page(
    tx: Transaction, *, tenant: str, states: list[str] | None, before: tuple[Any, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """The newest crawls first, from just before a place in that order."""
    rows = await tx.fetch(
        f"{_VIEW} WHERE c.tenant = $1 AND ($2::text[] IS NULL OR j.state = ANY($2))"
        " AND ($3::timestamptz IS NULL OR (c.created_at, c.id) < ($3, $4::uuid))"
        " ORDER BY c.created_at DESC, c.id DESC LIMIT $5",
        tenant,
        states,
        before[0] if before else None,
        str(before[1]) if before else None,
        limit,
    )
    return [dict(row) for row in rows]


async def usual_seconds(tx: Transaction, *, tenant: str, provider: str, dataset_id: str) -> float | None:
    """Median seconds from trigger to result of a tenant's last runs of a dataset; None if under three are known."""
    row = await tx.fetchrow(
        "SELECT count(*) AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median FROM ("
        "  SELECT extract(epoch FROM j.finished_at - c.triggered_at)::float8 AS seconds"
        "  FROM (SELECT id, tenant, triggered_at FROM crawls WHERE provider = $1 AND dataset_id = $2"
        "    AND triggered_at IS NOT NULL ORDER BY triggered_at DESC LIMIT 200) AS c"
        "  JOIN jobs j ON j.id = c.id WHERE j.state = 'completed' AND c.tenant = $3"
        "  ORDER BY j.finished_at DESC LIMIT 20) AS recent",
        provider,
        dataset_id,
        tenant,
    )
    return float(row["median"]) if row["runs"] >= 3 else None  # noqa: PLR2004  # as the docstring says
