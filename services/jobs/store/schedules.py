"""Schedules as rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from infra.postgres.database import Transaction, uuids

OF_ITS_JOBS = ("kind", "payload", "priority", "metadata", "max_retries", "timeout", "source_id", "related_dataset_id")
"""What a schedule says of each job it makes, as a submission says it."""

_SAID = ("name", "cron", "timezone", "paused", *OF_ITS_JOBS)
COLUMNS = f"id, tenant, {', '.join(_SAID)}, next_at, last_at, last_job_id, last_error, created_at, created_by"
_TIME = "coalesce(retry_at, next_at)"
_CHANGE = f"""
UPDATE schedules SET next_at = $2, {", ".join(f"{name} = ${n}" for n, name in enumerate(_SAID, start=3))},
  last_error = NULL, retry_at = NULL
WHERE id = $1 RETURNING {COLUMNS}
"""


async def add(
    tx: Transaction,
    schedule_id: UUID,
    said: Mapping[str, Any],
    *,
    next_at: datetime,
    tenant: str,
    created_by: str | None,
) -> dict[str, Any] | None:
    """Store a schedule; None if the tenant has one of this name."""
    row = await tx.fetchrow(
        f"INSERT INTO schedules (id, tenant, next_at, created_by, {', '.join(_SAID)})"
        f" VALUES ($1, $2, $3, $4, {', '.join(f'${n}' for n, _ in enumerate(_SAID, start=5))})"
        f" ON CONFLICT (tenant, name) DO NOTHING RETURNING {COLUMNS}",
        schedule_id,
        tenant,
        next_at,
        created_by,
        *(said[name] for name in _SAID),
    )
    return dict(row) if row else None


async def change(tx: Transaction, schedule_id: UUID, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """Store what a schedule is from now on; None, and nothing more can be done, if its name is taken."""
    try:
        row = await tx.fetchrow(_CHANGE, schedule_id, wanted["next_at"], *(wanted[name] for name in _SAID))
    except asyncpg.UniqueViolationError:
        return None
    return dict(row)


async def one(tx: Transaction, schedule_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A schedule; None for other tenants' too."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM schedules WHERE id = $1 AND tenant = $2", schedule_id, tenant)
    return dict(row) if row else None


async def lock(tx: Transaction, schedule_id: UUID, *, tenant: str) -> dict[str, Any] | None:
    """A schedule, locked until the transaction ends; None for other tenants' too."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS} FROM schedules WHERE id = $1 AND tenant = $2 FOR UPDATE", schedule_id, tenant
    )
    return dict(row) if row else None


async def page(tx: Transaction, *, tenant: str, after: str, limit: int) -> list[dict[str, Any]]:
    """Schedules by their names, from just after one."""
    found = await tx.fetch(
        f"SELECT {COLUMNS} FROM schedules WHERE tenant = $1 AND name > $2 ORDER BY name LIMIT $3", tenant, after, limit
    )
    return [dict(row) for row in found]


async def remove(tx: Transaction, schedule_id: UUID, *, tenant: str) -> bool:
    """End a schedule; False if the tenant has none of this id."""
    return bool(await tx.execute("DELETE FROM schedules WHERE id = $1 AND tenant = $2", schedule_id, tenant))


async def due(tx: Transaction, *, limit: int) -> list[UUID]:
    """Those whose time has come, or the time to try them again; who waits longest comes first."""
    found = await tx.fetch(
        f"SELECT id FROM schedules WHERE NOT paused AND {_TIME} <= now() ORDER BY {_TIME} LIMIT $1", limit
    )
    return [UUID(str(row["id"])) for row in found]


async def take(tx: Transaction, schedule_id: UUID) -> dict[str, Any] | None:
    """A schedule that is due, with the database's ``now``; None if it is not any more, or somebody else has it."""
    row = await tx.fetchrow(
        f"SELECT {COLUMNS}, now() AS now FROM schedules WHERE id = $1 AND NOT paused AND {_TIME} <= now()"
        " FOR UPDATE SKIP LOCKED",
        schedule_id,
    )
    return {**row, "id": schedule_id} if row else None


async def fired(tx: Transaction, schedule_id: UUID, job_id: UUID, *, next_at: datetime) -> None:
    """It made a job."""
    await tx.execute(
        "UPDATE schedules SET last_at = next_at, last_job_id = $2, last_error = NULL, next_at = $3, retry_at = NULL"
        " WHERE id = $1",
        schedule_id,
        job_id,
        next_at,
    )


async def skipped(tx: Transaction, schedule_id: UUID, why: str, *, next_at: datetime) -> None:
    """It made no job, and goes on to its next time."""
    await tx.execute(
        "UPDATE schedules SET last_error = $2, next_at = $3, retry_at = NULL WHERE id = $1", schedule_id, why, next_at
    )


async def put_off(tx: Transaction, schedule_id: UUID, why: str, *, least: float, most: float) -> None:
    """It made no job, and is tried again after as long as it has waited already, in these limits of seconds."""
    await tx.execute(
        "UPDATE schedules SET last_error = $2, retry_at = now() + greatest($3::float8 * interval '1 s',"
        "   least(now() - next_at, $4::float8 * interval '1 s')) WHERE id = $1 AND NOT paused AND next_at <= now()",
        schedule_id,
        why,
        least,
        most,
    )


async def rest(tx: Transaction, schedule_id: UUID, why: str) -> None:
    """It made no job and never will: it is paused."""
    await tx.execute("UPDATE schedules SET last_error = $2, paused = true WHERE id = $1", schedule_id, why)


async def some(tx: Transaction, schedule_ids: Sequence[UUID], *, tenant: str) -> list[dict[str, Any]]:
    """Those of these schedules that are there, and the tenant's."""
    found = await tx.fetch(
        f"SELECT {COLUMNS} FROM schedules WHERE id = ANY($1::uuid[]) AND tenant = $2", uuids(schedule_ids), tenant
    )
    return [dict(row) for row in found]
