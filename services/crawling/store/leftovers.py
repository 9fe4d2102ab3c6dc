"""Attempts that ended while parts of their result lay in the lake."""

from dataclasses import dataclass
from uuid import UUID

from infra.postgres.database import Transaction


@dataclass(frozen=True, kw_only=True)
class Leftover:
    """An attempt with parts nobody will compose."""

    crawl_id: UUID
    tenant: str
    attempt: int


async def ended_with_parts(tx: Transaction, *, limit: int) -> list[Leftover]:
    """Failed and cancelled attempts whose cursor says that parts were stored; an hour old, so no worker is on them."""
    rows = await tx.fetch(
        "SELECT id, tenant, attempt FROM jobs WHERE kind = 'crawl' AND state IN ('failed', 'cancelled')"
        " AND cursor IS NOT NULL AND finished_at < now() - interval '1 hour' ORDER BY finished_at LIMIT $1",
        limit,
    )
    return [Leftover(crawl_id=UUID(str(row["id"])), tenant=row["tenant"], attempt=row["attempt"]) for row in rows]


async def cleared(tx: Transaction, crawl_id: UUID) -> None:
    """Nothing is left of the attempt's parts."""
    await tx.execute("UPDATE jobs SET cursor = NULL WHERE id = $1 AND state IN ('failed', 'cancelled')", crawl_id)
