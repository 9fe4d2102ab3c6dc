"""Datasets as rows, and which bytes are being imported."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction

Place = tuple[datetime, UUID]
"""Where a list of datasets goes on."""

_GIVEN = (
    "id",
    "tenant",
    "source_id",
    "job_id",
    "filename",
    "file_type",
    "encoding",
    "sha256",
    "size_bytes",
    "original",
    "location",
    "row_count",
    "reject_count",
    "columns",
    "profile",
    "notes",
    "created_by",
    "warehouse",
)
_COLUMNS = f"{', '.join(_GIVEN)}, created_at"
_SHORT = _COLUMNS.replace(" profile,", "")

# Whoever died or gave up holds nothing; who waits or is paused still does.
_CLAIM = """
INSERT INTO imports (tenant, sha256, job_id) VALUES ($1, $2, $3)
ON CONFLICT (tenant, sha256) DO UPDATE SET job_id = excluded.job_id
WHERE imports.job_id = excluded.job_id OR NOT EXISTS (
  SELECT FROM jobs j WHERE j.id = imports.job_id AND j.state NOT IN ('completed', 'failed', 'cancelled'))
RETURNING job_id
"""


async def same(tx: Transaction, sha256: str, *, tenant: str) -> dict[str, Any] | None:
    """The dataset that a tenant has of these bytes."""
    row = await tx.fetchrow(f"SELECT {_SHORT} FROM datasets WHERE tenant = $1 AND sha256 = $2", tenant, sha256)
    return dict(row) if row else None


async def claim(tx: Transaction, sha256: str, job_id: UUID, *, tenant: str) -> bool:
    """From now on this job imports these bytes; False while another one does."""
    return await tx.fetchrow(_CLAIM, tenant, sha256, job_id) is not None


async def free(tx: Transaction, sha256: str, job_id: UUID, *, tenant: str) -> None:
    """Whatever the job claimed of these bytes is free."""
    await tx.execute("DELETE FROM imports WHERE tenant = $1 AND sha256 = $2 AND job_id = $3", tenant, sha256, job_id)


async def add(tx: Transaction, dataset: Mapping[str, Any]) -> None:
    """Store a dataset; what was claimed for it is free."""
    values = ", ".join(f"${number}" for number in range(1, len(_GIVEN) + 1))
    await tx.execute(
        f"INSERT INTO datasets ({', '.join(_GIVEN)}) VALUES ({values})", *(dataset[name] for name in _GIVEN)
    )
    await tx.execute("DELETE FROM imports WHERE tenant = $1 AND sha256 = $2", dataset["tenant"], dataset["sha256"])


async def one(tx: Transaction, dataset_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A dataset; None for other tenants' too."""
    row = await tx.fetchrow(f"SELECT {_COLUMNS} FROM datasets WHERE id = $1 AND tenant = $2", dataset_id, tenant)
    return dict(row) if row else None


async def page(
    tx: Transaction, *, tenant: str, source_id: UUID | None, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    """The newest datasets first, from just before a place in that order."""
    found = await tx.fetch(
        f"SELECT {_SHORT} FROM datasets WHERE tenant = $1 AND source_id = coalesce($2, source_id)"
        " AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))"
        " ORDER BY created_at DESC, id DESC LIMIT $5",
        tenant,
        source_id,
        *(before or (None, None)),
        limit,
    )
    return [dict(row) for row in found]


async def remove(tx: Transaction, dataset_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """Forget a dataset; returns what it was, None if there is none."""
    row = await tx.fetchrow(
        "DELETE FROM datasets WHERE id = $1 AND tenant = $2 RETURNING id, tenant, location, original",
        dataset_id,
        tenant,
    )
    return dict(row) if row else None
