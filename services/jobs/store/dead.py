"""Dead letters: jobs that failed for good, until somebody retries or discards them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from services.jobs.store import rows
from services.jobs.store.views import COLUMNS, Place

DEAD = "state = 'failed' AND discarded_at IS NULL"

_FOUND = f"""
FROM jobs
WHERE tenant = $1 AND {DEAD} AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR queue = $3)
  AND ($4::text IS NULL OR error_code = $4) {{from_a_place}}
ORDER BY finished_at DESC, id LIMIT $5
"""
_ALL = _FOUND.format(from_a_place="")
_LATER = _FOUND.format(from_a_place="AND finished_at <= $6 AND (finished_at < $6 OR id > $7::uuid)")  # by the index


@dataclass(frozen=True, kw_only=True)
class Dead:
    """Which dead letters somebody asks for. None: all."""

    tenant: str
    kind: str | None = None
    queue: str | None = None
    code: str | None = None


async def page(tx: Transaction, wanted: Dead, *, before: Place | None, limit: int) -> list[dict[str, Any]]:
    """The last to fail first, from just before a place in that order."""
    return await _found(tx, COLUMNS, wanted, before=before, limit=limit)


async def names(tx: Transaction, wanted: Dead, *, before: Place | None, limit: int) -> list[dict[str, Any]]:
    """As ``page``, with nothing but ``id``, ``kind`` and the place's ``finished_at``."""
    return await _found(tx, "id, kind, finished_at", wanted, before=before, limit=limit)


async def _found(
    tx: Transaction, columns: str, wanted: Dead, *, before: Place | None, limit: int
) -> list[dict[str, Any]]:
    asked = (wanted.tenant, wanted.kind, wanted.queue, wanted.code)
    found = await tx.fetch(f"SELECT {columns} {_LATER if before else _ALL}", *asked, limit, *(before or ()))
    return [dict(row) for row in found]


async def discard(tx: Transaction, job_id: UUID, *, tenant: str, reason: str) -> bool:
    """Nobody needs this any more; False if it is no dead letter."""
    told = await tx.fetch(
        f"WITH moved AS (UPDATE jobs SET discarded_at = now(), discard_reason = $3 WHERE id = $1 AND tenant = $2"
        f"   AND {DEAD} RETURNING *) {rows.telling('moved', 'discarded', '$4')} RETURNING job_id",
        job_id,
        tenant,
        reason,
        {"reason": reason},
    )
    return bool(told)


async def one(tx: Transaction, job_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A dead letter that is a job; None if it is not, or another tenant's."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM jobs WHERE id = $1 AND tenant = $2 AND {DEAD}", job_id, tenant)
    return dict(row) if row else None


async def is_dead(tx: Transaction, job_id: UUID, *, tenant: str) -> bool:
    """Whether the job is a dead letter."""
    sql = f"SELECT EXISTS (SELECT FROM jobs WHERE id = $1 AND tenant = $2 AND {DEAD})"
    return bool(await tx.fetchval(sql, job_id, tenant))
