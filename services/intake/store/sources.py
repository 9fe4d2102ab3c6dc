"""Data sources as rows."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction

Place = tuple[datetime, UUID]
"""Where a list of sources goes on."""

_GIVEN = ("name", "source_type", "config", "description")
_COLUMNS = f"id, tenant, {', '.join(_GIVEN)}, builtin, created_at, created_by, updated_at"


async def add(
    tx: Transaction,
    source_id: UUID,
    said: Mapping[str, Any],
    *,
    tenant: str,
    created_by: str | None = None,
    builtin: bool = False,
) -> None:
    """Store a source; nothing happens if one of this id is there."""
    await tx.execute(
        f"INSERT INTO data_sources (id, tenant, created_by, builtin, {', '.join(_GIVEN)})"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        source_id,
        tenant,
        created_by,
        builtin,
        *(said[name] for name in _GIVEN),
    )


async def one(tx: Transaction, source_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A source; None for other tenants' too."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM data_sources WHERE id = $1 AND tenant = $2", source_id, tenant)
    return dict(row) if row else None


async def hold(tx: Transaction, source_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A source that is not removed before the transaction ends; None for other tenants' too."""
    return await _locked(tx, source_id, tenant, "KEY SHARE")


async def lock(tx: Transaction, source_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A source for oneself until the transaction ends; None for other tenants' too."""
    return await _locked(tx, source_id, tenant, "UPDATE")


async def _locked(tx: Transaction, source_id: UUID, tenant: str, strength: str) -> dict[str, Any] | None:
    row = await tx.fetchrow(
        f"SELECT {_COLUMNS} FROM data_sources WHERE id = $1 AND tenant = $2 FOR {strength}", source_id, tenant
    )
    return dict(row) if row else None


async def page(
    tx: Transaction, *, tenant: str, source_type: str | None, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    """The newest sources first, from just before a place in that order."""
    found = await tx.fetch(
        f"SELECT {_COLUMNS} FROM data_sources WHERE tenant = $1 AND source_type = coalesce($2, source_type)"
        " AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))"
        " ORDER BY created_at DESC, id DESC LIMIT $5",
        tenant,
        source_type,
        *(before or (None, None)),
        limit,
    )
    return [dict(row) for row in found]


async def change(tx: Transaction, source_id: UUID, wanted: Mapping[str, Any]) -> None:
    """Store what a source is from now on."""
    await tx.execute(
        "UPDATE data_sources SET name = $2, config = $3, description = $4, updated_at = now() WHERE id = $1",
        source_id,
        *(wanted[name] for name in ("name", "config", "description")),
    )


async def remove(tx: Transaction, source_id: UUID) -> None:
    """Forget a source."""
    await tx.execute("DELETE FROM data_sources WHERE id = $1", source_id)
