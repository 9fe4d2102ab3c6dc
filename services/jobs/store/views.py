"""What callers see of jobs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction

COLUMNS = (
    "id, tenant, kind, queue, state, want, priority, created_at, enqueued_at, rank_at, due_at, attempt, tries,"
    " max_tries, timeout_seconds, claims, worker, progress, step, steps_completed, message, payload, result, metadata,"
    " source_id, related_dataset_id, created_by, batch_id, schedule_id, paused_from, discarded_at, discard_reason,"
    " error_class, error_code, error_stage, error_message, error_recovery, started_at, finished_at"
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which jobs somebody asks for. None: all."""

    tenant: str
    states: tuple[str, ...] | None = None
    kind: str | None = None
    queue: str | None = None
    source_id: str | None = None
    batch_id: UUID | None = None
    priority: int | None = None


_FITS = """tenant = $1 AND ($2::text[] IS NULL OR state = ANY($2)) AND ($3::text IS NULL OR kind = $3)
  AND ($4::text IS NULL OR queue = $4) AND ($5::text IS NULL OR source_id = $5)
  AND ($6::uuid IS NULL OR batch_id = $6) AND ($7::smallint IS NULL OR priority = $7)"""


async def one(tx: Transaction, job_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """Everything shown of one job; None for other tenants' jobs too."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM jobs WHERE id = $1 AND tenant = $2", job_id, tenant)
    return dict(row) if row else None


async def page(
    tx: Transaction, wanted: Wanted, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """The newest jobs first, from just before a place in that order."""
    found = await tx.fetch(
        f"SELECT {COLUMNS} FROM jobs WHERE {_FITS}"
        " AND ($8::timestamptz IS NULL OR (created_at, id) < ($8, $9::uuid))"
        " ORDER BY created_at DESC, id DESC LIMIT $10",
        *_args(wanted),
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [dict(row) for row in found]


async def active(tx: Transaction, *, tenant: str, finished_within_seconds: float, limit: int) -> list[dict[str, Any]]:
    """Jobs that are not over, and those that ended a moment ago; newest first."""
    found = await tx.fetch(
        f"SELECT {COLUMNS} FROM jobs WHERE tenant = $1 AND (state NOT IN ('completed', 'failed', 'cancelled')"
        "   OR finished_at > now() - $2 * interval '1 s')"
        " ORDER BY created_at DESC, id DESC LIMIT $3",
        tenant,
        finished_within_seconds,
        limit,
    )
    return [dict(row) for row in found]


def _args(wanted: Wanted) -> tuple[object, ...]:
    return (
        wanted.tenant,
        list(wanted.states) if wanted.states is not None else None,
        wanted.kind,
        wanted.queue,
        wanted.source_id,
        wanted.batch_id,
        wanted.priority,
    )
