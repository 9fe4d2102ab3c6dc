"""Documents as rows, always those of one tenant."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction, json_text, uuids

LISTED = "id, source_id, crawl_id, attempt, job_id, ordinal, url, title, status, warnings, created_at, classified_at"

_ADD = """
INSERT INTO documents (tenant, source_id, crawl_id, attempt, job_id, created_at, id, ordinal, url, title, text)
SELECT $1, $2, $3, $4, $5, $6, given.*
FROM unnest($7::uuid[], $8::bigint[], $9::text[], $10::text[], $11::text[]) AS given
ON CONFLICT DO NOTHING
"""

_REMOVE = """
DELETE FROM documents WHERE id IN (
  SELECT id FROM documents WHERE crawl_id = $1 AND tenant = $2 AND ($4::integer IS NULL OR attempt <= $4) LIMIT $3
)
"""

_PAGE = f"""
SELECT {LISTED} FROM documents
WHERE tenant = $1 AND ($2::text IS NULL OR source_id = $2) AND ($3::uuid IS NULL OR crawl_id = $3)
  AND ($4::text IS NULL OR status = $4) AND ($5::timestamptz IS NULL OR (created_at, id) < ($5, $6))
ORDER BY created_at DESC, id DESC LIMIT $7
"""

_SETTLE = """
UPDATE documents d SET status = given.status, warnings = given.warnings::jsonb, classified_at = $2
FROM unnest($3::uuid[], $4::text[], $5::text[]) AS given (id, status, warnings)
WHERE d.id = given.id AND d.job_id = $1 AND d.status = 'pending'
"""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What the documents of a job have in common; ``attempt`` is the crawl's."""

    tenant: str
    source_id: str | None
    crawl_id: UUID
    attempt: int
    job_id: UUID


@dataclass(frozen=True, kw_only=True)
class NewDocument:
    """A document that is stored."""

    id: UUID
    ordinal: int
    url: str
    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a document when it was classified."""

    id: UUID
    status: str
    warnings: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which documents; None is any."""

    tenant: str
    source_id: str | None = None
    crawl_id: UUID | None = None
    status: str | None = None


async def add(tx: Transaction, origin: Origin, new: Sequence[NewDocument], *, now: datetime) -> None:
    """Store documents that are still to be classified; those that are there stay as they are."""
    columns = ([getattr(one, name) for one in new] for name in ("ordinal", "url", "title", "text"))
    common = (origin.tenant, origin.source_id, origin.crawl_id, origin.attempt, origin.job_id)
    await tx.execute(_ADD, *common, now, uuids(one.id for one in new), *columns)


async def remove(tx: Transaction, crawl_id: UUID, *, tenant: str, limit: int, last_attempt: int | None = None) -> int:
    """Remove some documents of a crawl, or of its attempts up to one, with all that was found in them; how many."""
    return await tx.execute(_REMOVE, crawl_id, tenant, limit, last_attempt)


async def pending(tx: Transaction, job_id: UUID, *, characters: int, limit: int) -> list[dict[str, Any]]:
    """Some that are still to be classified, in their order, with the beginning of their texts."""
    found = await tx.fetch(
        "SELECT id, url, title, left(text, $2) AS text, created_at FROM documents"
        " WHERE job_id = $1 AND status = 'pending' ORDER BY ordinal LIMIT $3",
        job_id,
        characters,
        limit,
    )
    return [dict(row) for row in found]


async def settle(tx: Transaction, job_id: UUID, settled: Iterable[Settled], *, now: datetime) -> None:
    """What became of documents; those that are settled stay as they are."""
    all_of = list(settled)
    words = [one.status for one in all_of], [json_text(one.warnings) for one in all_of]
    await tx.execute(_SETTLE, job_id, now, uuids(one.id for one in all_of), *words)


async def counts(tx: Transaction, job_id: UUID) -> dict[str, int]:
    """How many there are of each status."""
    rows = await tx.fetch("SELECT status, count(*) AS n FROM documents WHERE job_id = $1 GROUP BY status", job_id)
    return {"pending": 0, "classified": 0, "failed": 0} | {row["status"]: row["n"] for row in rows}


async def page(
    tx: Transaction, wanted: Wanted, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Documents without their texts, newest first, from just after one."""
    said = (wanted.tenant, wanted.source_id, wanted.crawl_id, wanted.status)
    return [dict(row) for row in await tx.fetch(_PAGE, *said, *(after or (None, None)), limit)]


async def one(tx: Transaction, document_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A document with its text; None for other tenants' too."""
    row = await tx.fetchrow(f"SELECT {LISTED}, text FROM documents WHERE id = $1 AND tenant = $2", document_id, tenant)
    return dict(row) if row else None
