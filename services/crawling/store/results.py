"""Stored results, until their time is over."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction


class StoredResult(Struct, frozen=True, kw_only=True):
    """An attempt whose result lies in the lake."""

    crawl_id: UUID
    attempt: int
    tenant: str


async def keep(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str) -> None:
    """Write down that a result is stored now."""
    await tx.execute(
        "INSERT INTO stored_results (crawl_id, attempt, tenant, source_id, expires_at)"
        " SELECT j.id, $2, $3, coalesce(j.source_id, ''), now() + c.keep_days * interval '1 day'"
        " FROM jobs j JOIN crawls c ON c.id = j.id WHERE j.id = $1 ON CONFLICT DO NOTHING",
        crawl_id,
        attempt,
        tenant,
    )


async def over(tx: Transaction, *, days: int | None, limit: int) -> list[StoredResult]:
    """Results whose time is over: by their orders, or (with ``days``) because they were stored so long ago."""
    rows = await tx.fetch(
        "SELECT crawl_id, attempt, tenant FROM stored_results WHERE expires_at < now()"
        " OR (expires_at IS NULL AND stored_at < now() - $1 * interval '1 day') ORDER BY stored_at LIMIT $2",
        days,
        limit,
    )
    return [_result(row) for row in rows]


async def only_one(tx: Transaction, one: StoredResult) -> bool:
    """Whether no other attempt of the crawl has a result in the lake."""
    others = await tx.fetchval(
        "SELECT EXISTS (SELECT FROM stored_results WHERE crawl_id = $1 AND attempt <> $2)", one.crawl_id, one.attempt
    )
    return not others


async def gone(tx: Transaction, one: StoredResult) -> bool:
    """The result lies in the lake no more; False if that was known."""
    return bool(
        await tx.execute("DELETE FROM stored_results WHERE crawl_id = $1 AND attempt = $2", one.crawl_id, one.attempt)
    )


def _result(row: Any) -> StoredResult:
    return StoredResult(crawl_id=UUID(str(row["crawl_id"])), attempt=row["attempt"], tenant=row["tenant"])
