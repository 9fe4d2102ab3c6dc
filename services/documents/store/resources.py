"""Resources as rows, always those of one tenant."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction, uuids

_SHOWN = (
    "id, tenant, job_id, document_id, attempt, source_id, url, title, concept_id, label, confidence, model,"
    " needs_review, properties, provenance, created_at"
)

# the first of an attempt wins, and no attempt comes after a later one
_BEGIN = """
INSERT INTO classifications AS c (job_id, tenant, attempt, model, warnings, classified_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (job_id) DO UPDATE SET attempt = excluded.attempt, model = excluded.model, warnings = excluded.warnings,
  classified_at = excluded.classified_at
WHERE c.attempt < excluded.attempt AND c.tenant = excluded.tenant
RETURNING job_id
"""

_PAGE = f"""
SELECT {_SHOWN} FROM resources
WHERE tenant = $1 AND ($2::uuid[] IS NULL OR concept_id = ANY($2::uuid[])) AND ($3::text IS NULL OR source_id = $3)
  AND ($4::uuid IS NULL OR job_id = $4) AND confidence >= $5 AND ($6::boolean IS NULL OR needs_review = $6)
  AND ($7::text IS NULL OR words @@ websearch_to_tsquery('simple', $7))
  AND ($8::timestamptz IS NULL OR (created_at, id) < ($8, $9))
ORDER BY created_at DESC, id DESC LIMIT $10
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which resources; None is any."""

    tenant: str
    concepts: Sequence[UUID] | None = None
    source_id: str | None = None
    job_id: UUID | None = None
    min_confidence: float = 0.0
    needs_review: bool | None = None
    text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Run:
    """A classification that was stored."""

    attempt: int
    warnings: list[dict[str, Any]]


async def run(tx: Transaction, job_id: UUID, *, tenant: str) -> Run | None:
    """What stands of a job."""
    row = await tx.fetchrow(
        "SELECT attempt, warnings FROM classifications WHERE job_id = $1 AND tenant = $2", job_id, tenant
    )
    return Run(attempt=row["attempt"], warnings=row["warnings"]) if row else None


async def begin(
    tx: Transaction,
    job_id: UUID,
    *,
    attempt: int,
    tenant: str,
    model: str,
    warnings: list[dict[str, Any]],
    now: datetime,
) -> bool:
    """An attempt's classification stands from now on, without resources yet; False if this or a later one does."""
    if await tx.fetchval(_BEGIN, job_id, tenant, attempt, model, warnings, now) is None:
        return False
    await tx.execute("DELETE FROM resources WHERE job_id = $1", job_id)
    return True


async def add(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> None:
    """Store resources in their order."""
    columns = _SHOWN.split(", ")
    for ordinal, row in enumerate(rows):
        await tx.execute(
            f"INSERT INTO resources ({_SHOWN}, ordinal) VALUES"
            f" ({', '.join(f'${n}' for n in range(1, len(columns) + 2))})",
            *(row[name] for name in columns),
            ordinal,
        )


async def of_job(tx: Transaction, job_id: UUID, *, tenant: str) -> list[dict[str, Any]]:
    """A job's resources in their order."""
    found = await tx.fetch(
        f"SELECT {_SHOWN} FROM resources WHERE job_id = $1 AND tenant = $2 ORDER BY ordinal", job_id, tenant
    )
    return [dict(row) for row in found]


async def of_document(tx: Transaction, document_id: UUID, *, tenant: str) -> list[dict[str, Any]]:
    """A document's resources in their order."""
    found = await tx.fetch(
        f"SELECT {_SHOWN} FROM resources WHERE document_id = $1 AND tenant = $2 ORDER BY ordinal", document_id, tenant
    )
    return [dict(row) for row in found]


async def forget(tx: Transaction, job_ids: Iterable[UUID], *, tenant: str) -> int:
    """Remove what was found by jobs, and that they looked; returns how many had."""
    return await tx.execute(
        "DELETE FROM classifications WHERE job_id = ANY($1::uuid[]) AND tenant = $2", uuids(job_ids), tenant
    )


async def one(tx: Transaction, resource_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A resource; None for other tenants' too."""
    row = await tx.fetchrow(f"SELECT {_SHOWN} FROM resources WHERE id = $1 AND tenant = $2", resource_id, tenant)
    return dict(row) if row else None


async def page(
    tx: Transaction, wanted: Wanted, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Resources, newest first, from just after one."""
    created_at, last = after or (None, None)
    found = await tx.fetch(
        _PAGE,
        wanted.tenant,
        None if wanted.concepts is None else uuids(wanted.concepts),
        wanted.source_id,
        wanted.job_id,
        wanted.min_confidence,
        wanted.needs_review,
        wanted.text,
        created_at,
        last,
        limit,
    )
    return [dict(row) for row in found]
