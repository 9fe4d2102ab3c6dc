"""Attempts that put parts into the lake, until none is left there."""

from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction


class Leftover(Struct, frozen=True, kw_only=True):
    """An attempt that is over and may have left parts nobody will compose."""

    crawl_id: UUID
    tenant: str
    attempt: int


async def expect(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str) -> None:
    """Parts of this attempt will come; written before the first one does."""
    await tx.execute(
        "INSERT INTO stores (crawl_id, attempt, tenant) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        crawl_id,
        attempt,
        tenant,
    )


async def over(tx: Transaction, *, older_than: timedelta, limit: int) -> list[Leftover]:
    """Attempts that ended, or were followed by another one; so old that no lost worker writes for them any more."""
    rows = await tx.fetch(
        "SELECT s.crawl_id, s.tenant, s.attempt FROM stores s LEFT JOIN jobs j ON j.id = s.crawl_id"
        " WHERE s.since < now() - $1::interval AND (j.attempt IS DISTINCT FROM s.attempt"
        "   OR j.finished_at < now() - $1::interval)"
        " ORDER BY s.since LIMIT $2",
        older_than,
        limit,
    )
    return [Leftover(crawl_id=UUID(str(row["crawl_id"])), tenant=row["tenant"], attempt=row["attempt"]) for row in rows]


async def cleared(tx: Transaction, one: Leftover) -> None:
    """Nothing is left of the attempt's parts."""
    await tx.execute("DELETE FROM stores WHERE crawl_id = $1 AND attempt = $2", one.crawl_id, one.attempt)
