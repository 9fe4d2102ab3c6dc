"""Which snapshots of a provider belong to nobody here."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from infra.postgres.database import Transaction


async def datasets(tx: Transaction, provider: str) -> list[str]:
    """The datasets that were ever ordered from a provider, as far as anybody remembers."""
    rows = await tx.fetch("SELECT DISTINCT dataset_id FROM crawls WHERE provider = $1 ORDER BY dataset_id", provider)
    return [row["dataset_id"] for row in rows]


async def owned(tx: Transaction, provider: str, snapshots: Sequence[str]) -> set[str]:
    """Those of these snapshots that crawls have or had, erased and archived ones too."""
    rows = await tx.fetch(
        "SELECT snapshot_id FROM crawls WHERE provider = $1 AND snapshot_id = ANY($2::text[])"
        " UNION SELECT e.crawl->>'snapshot_id' FROM ended_attempts e JOIN crawls c ON c.id = e.crawl_id"
        "   WHERE c.provider = $1 AND e.crawl->>'snapshot_id' = ANY($2::text[])"
        " UNION SELECT crawl->>'snapshot_id' FROM leaving_crawls"
        "   WHERE crawl->>'provider' = $1 AND crawl->>'snapshot_id' = ANY($2::text[])"
        " UNION SELECT s FROM erasures, unnest(snapshots) AS s WHERE s = ANY($2::text[])",
        provider,
        list(snapshots),
    )
    return {row["snapshot_id"] for row in rows}


async def looked_for_since(tx: Transaction, provider: str, dataset_id: str, *, slack: timedelta) -> datetime | None:
    """When the oldest order was sent whose snapshot is still looked for, less some slack; None if there is none."""
    since: datetime | None = await tx.fetchval(
        "SELECT min(c.submitted_at) - $3::interval FROM crawls c JOIN jobs j ON j.id = c.id WHERE c.provider = $1"
        " AND c.dataset_id = $2 AND c.snapshot_id IS NULL AND c.submitted_at IS NOT NULL AND j.finished_at IS NULL",
        provider,
        dataset_id,
        slack,
    )
    return since


async def keep_snapshots(tx: Transaction, crawl_id: UUID) -> None:
    """Before a crawl's rows are erased: remember the snapshots it had."""
    await tx.execute(
        "UPDATE erasures SET snapshots = array(SELECT s FROM ("
        "  SELECT unnest(snapshots) AS s FROM erasures WHERE crawl_id = $1"
        "  UNION SELECT snapshot_id FROM crawls WHERE id = $1"
        "  UNION SELECT crawl->>'snapshot_id' FROM ended_attempts WHERE crawl_id = $1) AS known WHERE s IS NOT NULL)"
        " WHERE crawl_id = $1",
        crawl_id,
    )
