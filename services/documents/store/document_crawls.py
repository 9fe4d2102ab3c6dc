"""Crawls whose records are documents: which attempt stands, which results are over, which crawls are erased."""

from datetime import datetime
from uuid import UUID

from infra.postgres.database import Transaction

_STAND = """
INSERT INTO document_crawls AS c (crawl_id, tenant, attempt) VALUES ($1, $2, $3)
ON CONFLICT (crawl_id) DO UPDATE SET attempt = excluded.attempt
WHERE c.tenant = excluded.tenant AND c.attempt < excluded.attempt AND c.erased_at IS NULL
RETURNING true
"""

_ERASE = """
INSERT INTO document_crawls AS c (crawl_id, tenant, attempt, erased_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (crawl_id) DO UPDATE SET attempt = greatest(c.attempt, excluded.attempt),
  erased_at = coalesce(c.erased_at, excluded.erased_at)
WHERE c.tenant = excluded.tenant
RETURNING attempt
"""


async def stand(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str) -> bool:
    """From now on this attempt stands; False where it or a later one does, or the crawl is erased."""
    return bool(await tx.fetchval(_STAND, crawl_id, tenant, attempt))


async def standing(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str) -> bool:
    """Whether this attempt stands; if so nobody erases the crawl, or ends the result's time, in this transaction."""
    found = await tx.fetchval(
        "SELECT true FROM document_crawls WHERE crawl_id = $1 AND tenant = $2 AND attempt = $3 AND erased_at IS NULL"
        " AND expired_attempt < $3 FOR SHARE",
        crawl_id,
        tenant,
        attempt,
    )
    return bool(found)


async def erase(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str, now: datetime) -> int:
    """Set the tombstone; returns the last attempt that anybody knows. Waits for whoever writes just now."""
    return int(await tx.fetchval(_ERASE, crawl_id, tenant, attempt, now) or 0)


async def expire(tx: Transaction, crawl_id: UUID, *, attempt: int, tenant: str) -> bool:
    """Results up to this attempt's are over; False where none was read. Waits for whoever writes just now."""
    touched = await tx.execute(
        "UPDATE document_crawls SET expired_attempt = greatest(expired_attempt, $3)"
        " WHERE crawl_id = $1 AND tenant = $2",
        crawl_id,
        tenant,
        attempt,
    )
    return bool(touched)
