"""Idempotency keys: which answer was given to which request."""

from dataclasses import dataclass
from uuid import UUID

from infra.postgres.database import Transaction


@dataclass(frozen=True, kw_only=True)
class KnownKey:
    """A key that was used before. ``answer`` is None until the first answer was stored."""

    fingerprint: str
    crawl_id: UUID
    answer: bytes | None
    in_flight: bool


async def take(
    tx: Transaction, *, tenant: str, key: str, fingerprint: str, crawl_id: UUID, in_flight_seconds: float, days: int
) -> KnownKey | None:
    """Take a key for a new crawl; returns what is known of it if it was taken before."""
    await tx.execute("DELETE FROM idempotency_keys WHERE tenant = $1 AND key = $2 AND expires_at < now()", tenant, key)
    taken = await tx.execute(
        "INSERT INTO idempotency_keys (tenant, key, fingerprint, crawl_id, in_flight_until, expires_at)"
        " VALUES ($1, $2, $3, $4, clock_timestamp() + $5 * interval '1 s', now() + $6 * interval '1 day')"
        " ON CONFLICT DO NOTHING",
        tenant,
        key,
        fingerprint,
        crawl_id,
        in_flight_seconds,
        days,
    )
    if taken:
        return None
    row = await tx.fetchrow(
        "SELECT fingerprint, crawl_id, answer, in_flight_until > clock_timestamp() AS in_flight"
        " FROM idempotency_keys WHERE tenant = $1 AND key = $2",
        tenant,
        key,
    )
    return KnownKey(**{**dict(row), "crawl_id": UUID(str(row["crawl_id"]))})


async def answer(tx: Transaction, *, tenant: str, key: str, body: bytes) -> bytes:
    """Keep the first answer; returns the one that stands."""
    stored: bytes = await tx.fetchval(
        "UPDATE idempotency_keys SET answer = coalesce(answer, $3) WHERE tenant = $1 AND key = $2 RETURNING answer",
        tenant,
        key,
        body,
    )
    return stored


async def prune(tx: Transaction) -> int:
    """Forget keys whose time is over."""
    return await tx.execute("DELETE FROM idempotency_keys WHERE expires_at < now()")
