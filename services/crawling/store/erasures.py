"""Erasures as rows, and what is erased here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.crawling.store.unowned import keep_snapshots
from services.jobs.store.views import LIVING


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """What is told of an erased crawl; ``erased_at`` is None while it is under way."""

    crawl_id: UUID
    tenant: str
    attempt: int
    job_id: UUID
    asked_at: datetime
    asked_by: str | None
    erased_at: datetime | None
    counts: dict[str, int]


async def order(
    tx: Transaction, crawl_id: UUID, *, tenant: str, attempt: int, job_id: UUID, asked_by: str | None
) -> bool:
    """Write down that a crawl is to be erased; False if it was before."""
    return bool(
        await tx.execute(
            "INSERT INTO erasures (crawl_id, tenant, attempt, job_id, asked_by) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT DO NOTHING",
            crawl_id,
            tenant,
            attempt,
            job_id,
            asked_by,
        )
    )


async def find(tx: Transaction, crawl_id: UUID, *, tenant: str) -> Erasure | None:
    """The erasure of a crawl; None for other tenants' too."""
    row = await tx.fetchrow("SELECT * FROM erasures WHERE crawl_id = $1 AND tenant = $2", crawl_id, tenant)
    return _erasure(row) if row else None


async def count(tx: Transaction, crawl_id: UUID, what: str, more: int) -> None:
    """So many more were removed."""
    await tx.execute(
        "UPDATE erasures SET counts = counts || jsonb_build_object($2::text,"
        " coalesce((counts->>$2::text)::bigint, 0) + $3::bigint) WHERE crawl_id = $1",
        crawl_id,
        what,
        more,
    )


async def on_its_way(tx: Transaction, crawl_id: UUID) -> bool:
    """Whether the crawl's own row is being brought into the warehouse."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM leaving_crawls WHERE crawl_id = $1)", crawl_id))


async def finish(tx: Transaction, crawl_id: UUID) -> dict[str, int]:
    """Remove all rows about a crawl but that it was erased; returns what was removed, all in all."""
    await keep_snapshots(tx, crawl_id)
    gone = 0
    for statement in (
        "DELETE FROM crawls WHERE id = $1",
        "DELETE FROM ended_attempts WHERE crawl_id = $1",
        "DELETE FROM polls WHERE crawl_id = $1",
        "DELETE FROM loads WHERE crawl_id = $1",
        "DELETE FROM stored_results WHERE crawl_id = $1",
        "DELETE FROM sites WHERE correlation = $1",
        "UPDATE idempotency_keys SET answer = NULL, expires_at = now() WHERE crawl_id = $1",
    ):
        gone += await tx.execute(statement, crawl_id)
    await count(tx, crawl_id, "database_rows", gone)
    counts: dict[str, int] = await tx.fetchval(
        "UPDATE erasures SET erased_at = coalesce(erased_at, now()) WHERE crawl_id = $1 RETURNING counts", crawl_id
    )
    return counts


async def ended_sites(tx: Transaction, crawl_id: UUID) -> list[UUID]:
    """Web sites that were collected for a crawl, and that neither their own job nor the crawl's is at any more."""
    rows = await tx.fetch(
        "SELECT s.id FROM sites s WHERE s.correlation = $1 AND s.state <> 'running'"
        f" AND NOT EXISTS (SELECT FROM jobs WHERE id IN (s.id, $1) AND {LIVING})",
        crawl_id,
    )
    return [UUID(str(row["id"])) for row in rows]


async def unswept(tx: Transaction, *, older_than_seconds: float, limit: int) -> list[Erasure]:
    """Erasures so old that no lost worker writes behind them any more, not looked after since."""
    rows = await tx.fetch(
        "SELECT * FROM erasures WHERE swept_at IS NULL AND erased_at < now() - $1 * interval '1 s'"
        " ORDER BY erased_at LIMIT $2",
        older_than_seconds,
        limit,
    )
    return [_erasure(row) for row in rows]


async def swept(tx: Transaction, crawl_id: UUID) -> None:
    """Nothing is left of what came behind an erasure."""
    await tx.execute("UPDATE erasures SET swept_at = now() WHERE crawl_id = $1", crawl_id)


def _erasure(row: Any) -> Erasure:
    told = ("tenant", "attempt", "asked_at", "asked_by", "erased_at", "counts")
    crawl_id, job_id = UUID(str(row["crawl_id"])), UUID(str(row["job_id"]))
    return Erasure(crawl_id=crawl_id, job_id=job_id, **{name: row[name] for name in told})
