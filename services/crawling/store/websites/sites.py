"""Orders of sites."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from infra.postgres.database import Transaction

_FIELDS = (
    "s.id, s.correlation, s.tenant, s.wishes, s.hosts, s.state, s.seeded, s.known, s.pages, s.errors, s.bytes, s.parts,"
    " s.reasons, s.stopped_by, s.started_at"
)


class Site(Struct, frozen=True, kw_only=True):
    """One order, and how far it is. ``pages`` came with text, ``errors`` did not for these ``reasons``."""

    id: UUID
    correlation: UUID
    tenant: str
    wishes: dict[str, Any]
    hosts: list[str]
    state: str
    seeded: bool
    known: int
    pages: int
    errors: int
    bytes: int
    parts: int
    reasons: list[str]
    stopped_by: str | None
    started_at: datetime | None

    @property
    def told(self) -> int:
        """Lines of the result so far."""
        return self.pages + self.errors


async def insert(
    tx: Transaction, site_id: UUID, *, correlation: UUID, wishes: dict[str, Any], hosts: Sequence[str]
) -> str | None:
    """Store an order for whoever has the crawl; returns the tenant, or None if the order is there already."""
    tenant: str | None = await tx.fetchval(
        "INSERT INTO sites (id, correlation, tenant, wishes, hosts)"
        " VALUES ($1, $2, coalesce((SELECT tenant FROM crawls WHERE id = $2), 'default'), $3, $4)"
        " ON CONFLICT DO NOTHING RETURNING tenant",
        site_id,
        correlation,
        wishes,
        list(hosts),
    )
    return tenant


async def get(tx: Transaction, site_id: UUID) -> Site | None:
    """One order, or None."""
    row = await tx.fetchrow(f"SELECT {_FIELDS} FROM sites s WHERE id = $1", site_id)
    return _site(row) if row else None


async def with_job(tx: Transaction, site_id: UUID) -> tuple[Site, str | None, str | None] | None:
    """One order with the state of its job and what that failed of; None if there is no such order."""
    row = await tx.fetchrow(
        f"SELECT {_FIELDS}, j.state AS job, j.error_message AS failure FROM sites s LEFT JOIN jobs j ON j.id = s.id"
        " WHERE s.id = $1",
        site_id,
    )
    return (_site(row), row["job"], row["failure"]) if row else None


async def start(tx: Transaction, site_id: UUID) -> None:
    """Its time runs from now on, if it does not yet."""
    await tx.execute("UPDATE sites SET started_at = clock_timestamp() WHERE id = $1 AND started_at IS NULL", site_id)


async def seeded(tx: Transaction, site_id: UUID) -> None:
    """Its sitemaps were read."""
    await tx.execute("UPDATE sites SET seeded = true WHERE id = $1", site_id)


async def count(
    tx: Transaction,
    site_id: UUID,
    *,
    pages: int = 0,
    errors: int = 0,
    size: int = 0,
    host: str | None = None,
    reason: str | None = None,
) -> Site | None:
    """Count what came, and perhaps a host more; None if nobody wants it any more. Locks the order."""
    row = await tx.fetchrow(
        "UPDATE sites s SET pages = pages + $2, errors = errors + $3, bytes = bytes + $4,"
        " hosts = CASE WHEN $5::text IS NULL OR $5 = ANY(hosts) THEN hosts ELSE hosts || $5::text END,"
        " reasons = CASE WHEN $6::text IS NULL OR $6 = ANY(reasons) OR cardinality(reasons) >= 10 THEN reasons"
        " ELSE reasons || $6::text END"
        f" WHERE id = $1 AND state = 'running' RETURNING {_FIELDS}",
        site_id,
        pages,
        errors,
        size,
        host,
        reason,
    )
    return _site(row) if row else None


async def end(tx: Transaction, site_id: UUID, *, stopped_by: str | None) -> bool:
    """All is told; False if it was cancelled before."""
    return bool(
        await tx.execute(
            "UPDATE sites SET state = 'ready', stopped_by = $2, ended_at = clock_timestamp()"
            " WHERE id = $1 AND state = 'running'",
            site_id,
            stopped_by,
        )
    )


async def cancel(tx: Transaction, site_id: UUID) -> str | None:
    """Nobody wants it any more; returns whose it is, None where it is over already."""
    tenant: str | None = await tx.fetchval(
        "UPDATE sites SET state = 'cancelled', ended_at = clock_timestamp() WHERE id = $1 AND state = 'running'"
        " RETURNING tenant",
        site_id,
    )
    return tenant


async def ended_before(tx: Transaction, moment: datetime, *, limit: int) -> list[Site]:
    """The first orders that ended before then; one that never did, for its job failed, counts from its beginning."""
    rows = await tx.fetch(
        f"SELECT {_FIELDS} FROM sites s WHERE coalesce(ended_at, created_at) < $1 AND NOT EXISTS (SELECT 1 FROM jobs j"
        " WHERE j.id = s.id AND j.state IN ('ready', 'scheduled', 'waiting', 'running', 'paused'))"
        " ORDER BY created_at LIMIT $2",
        moment,
        limit,
    )
    return [_site(row) for row in rows]


async def delete(tx: Transaction, site_id: UUID) -> None:
    """Forget an order and its pages."""
    await tx.execute("DELETE FROM sites WHERE id = $1", site_id)


def _site(row: Any) -> Site:
    fields = {name: row[name] for name in Site.__struct_fields__}
    return Site(**{**fields, "id": UUID(str(row["id"])), "correlation": UUID(str(row["correlation"]))})
