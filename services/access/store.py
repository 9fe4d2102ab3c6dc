"""Who may call, as rows: keys and members."""

from datetime import datetime
from typing import Any

from infra.postgres.database import Transaction

_SHOWN = "id, tenant, name, scope, created_at, created_by, expires_at, revoked_at, last_used_at"

_THEIRS = "($1::text IS NULL OR tenant = $1)"

_ADD_MEMBER = """
INSERT INTO members AS m (identity, tenant, scope, created_by) VALUES ($1, $2, $3, $4)
ON CONFLICT (identity) DO UPDATE SET scope = excluded.scope WHERE m.tenant = excluded.tenant
RETURNING identity, tenant, scope, created_at, created_by
"""


async def add_key(
    tx: Transaction,
    key_id: str,
    *,
    digest: bytes,
    tenant: str,
    name: str,
    scope: str,
    expires_at: datetime | None,
    created_by: str | None,
) -> dict[str, Any]:
    """Store a key's digest; returns what is shown of it."""
    row = await tx.fetchrow(
        "INSERT INTO api_keys (id, tenant, name, scope, digest, expires_at, created_by)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING {_SHOWN}",
        key_id,
        tenant,
        name,
        scope,
        digest,
        expires_at,
        created_by,
    )
    return dict(row)


async def keys(tx: Transaction, *, tenant: str | None) -> list[dict[str, Any]]:
    """A tenant's keys, or all, oldest first, also those that hold no more."""
    found = await tx.fetch(f"SELECT {_SHOWN} FROM api_keys WHERE {_THEIRS} ORDER BY created_at, id", tenant)
    return [dict(row) for row in found]


async def revoke_key(tx: Transaction, key_id: str, *, tenant: str | None) -> dict[str, Any] | None:
    """A key holds no more from now on; the first time counts. None if the tenant, or nobody, has such a key."""
    row = await tx.fetchrow(
        f"UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE {_THEIRS} AND id = $2 RETURNING {_SHOWN}",
        tenant,
        key_id,
    )
    return dict(row) if row else None


async def add_member(
    tx: Transaction, identity: str, *, tenant: str, scope: str, created_by: str | None
) -> dict[str, Any] | None:
    """Make a member, or change its scope; None if the identity is another tenant's."""
    row = await tx.fetchrow(_ADD_MEMBER, identity, tenant, scope, created_by)
    return dict(row) if row else None


async def members(tx: Transaction, *, tenant: str | None) -> list[dict[str, Any]]:
    """A tenant's members, or all, by their names."""
    found = await tx.fetch(
        f"SELECT identity, tenant, scope, created_at, created_by FROM members WHERE {_THEIRS} ORDER BY identity", tenant
    )
    return [dict(row) for row in found]


async def remove_member(tx: Transaction, identity: str, *, tenant: str | None) -> bool:
    """Whether the tenant, or anybody, had such a member; now nobody has."""
    return bool(await tx.execute(f"DELETE FROM members WHERE {_THEIRS} AND identity = $2", tenant, identity))
