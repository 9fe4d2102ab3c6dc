"""Stored results, until their time is over."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction


@dataclass(frozen=True, kw_only=True)
class StoredResult:
    """An attempt whose result lies in the lake."""

    crawl_id: UUID
    attempt: int
    tenant: str


async def keep(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str) -> None:
    """Write down that a result is stored now."""
    await tx.execute(
        "INSERT INTO stored_results (crawl_id, attempt, tenant, source_id)"
        " SELECT id, $2, $3, coalesce(source_id, '') FROM jobs WHERE id = $1 ON CONFLICT DO NOTHING",
        crawl_id,
        attempt,
        tenant,
    )


async def sources(tx: Transaction) -> list[tuple[str, str]]:
    """Tenants and sources ('': none) that have results stored."""
    rows = await tx.fetch("SELECT DISTINCT tenant, source_id FROM stored_results")
    return [(row["tenant"], row["source_id"]) for row in rows]


async def older(tx: Transaction, tenant: str, source_id: str, *, days: float, limit: int) -> list[StoredResult]:
    """Results of a source that were stored so many days ago, the oldest first."""
    rows = await tx.fetch(
        "SELECT crawl_id, attempt, tenant FROM stored_results WHERE tenant = $1 AND source_id = $2"
        " AND stored_at < now() - $3 * interval '1 day' ORDER BY stored_at LIMIT $4",
        tenant,
        source_id,
        days,
        limit,
    )
    return [_result(row) for row in rows]


async def gone(tx: Transaction, one: StoredResult) -> None:
    """The result lies in the lake no more."""
    await tx.execute("DELETE FROM stored_results WHERE crawl_id = $1 AND attempt = $2", one.crawl_id, one.attempt)


def _result(row: Any) -> StoredResult:
    return StoredResult(crawl_id=UUID(str(row["crawl_id"])), attempt=row["attempt"], tenant=row["tenant"])
