"""What others do with jobs: queue them, move them on, end them, start them again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from schemas.problem import Problem
from services.jobs.job import Job, NewJob
from services.jobs.store import rows

AGEING_SECONDS = 300  # one level of priority is worth this much waiting


async def enqueue(tx: Transaction, job: NewJob) -> bool:
    """Queue new work; False if a job of this id is there already."""
    inserted = await tx.execute(
        "INSERT INTO jobs (id, tenant, kind, queue, state, priority, rank_at, max_tries, step, payload, metadata,"
        # the clock, not the transaction's start: jobs of one transaction keep their order
        " source_id) VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7::float8 * interval '1 s', $8, $9, $10,"
        " $11, $12) ON CONFLICT (id) DO NOTHING",
        job.id,
        job.tenant,
        job.kind,
        job.queue,
        job.state,
        job.priority,
        job.priority * AGEING_SECONDS,
        job.max_tries,
        job.step,
        job.payload,
        job.metadata,
        job.source_id,
    )
    if inserted and job.state == "ready":
        tx.ring(job.queue)
    return bool(inserted)


async def lock(tx: Transaction, job_id: UUID) -> Job | None:
    """The job, locked until the transaction ends; None if there is none."""
    row = await tx.fetchrow(f"SELECT {rows.JOB} FROM jobs j WHERE id = $1 FOR UPDATE", job_id)
    return rows.job(row) if row else None


async def move(
    tx: Transaction, ids: Sequence[UUID], *, queue: str, step: str, told: str, data: dict[str, Any] | None = None
) -> list[UUID]:
    """Waiting jobs become ready on a queue; returns those that were waiting."""
    found = await tx.fetch(
        "WITH moved AS (UPDATE jobs SET state = 'ready', queue = $2, step = $3, due_at = NULL, tries = 0, claims = 0"
        "   WHERE id = ANY($1::uuid[]) AND state = 'waiting' RETURNING id, attempt)"
        " INSERT INTO job_events (job_id, attempt, type, data) SELECT id, attempt, $4, $5 FROM moved RETURNING job_id",
        [str(one) for one in ids],
        queue,
        step,
        told,
        data or {},
    )
    if found:
        tx.ring(queue)
    return [UUID(str(row["job_id"])) for row in found]


async def fail_waiting(tx: Transaction, job_id: UUID, problem: Problem, *, stage: str) -> Job | None:
    """A waiting job fails for good; None if it was not waiting."""
    row = await tx.fetchrow(
        "UPDATE jobs j SET state = 'failed', finished_at = now(), error_class = $2, error_code = $3, error_stage = $4,"
        f" error_message = $5, error_recovery = $6 WHERE id = $1 AND state = 'waiting' RETURNING {rows.JOB}",
        job_id,
        *rows.error_columns(problem, stage),
    )
    if row is None:
        return None
    failed = rows.job(row)
    await rows.tell(tx, failed, "failed", {"code": problem.code, "stage": stage, "message": rows.said(problem)})
    return failed


async def complete_waiting(tx: Transaction, job_id: UUID, *, attempt: int, result: dict[str, Any]) -> Job | None:
    """A waiting job is finished by what it waited for; None if it is not waiting in this attempt any more."""
    row = await tx.fetchrow(
        "UPDATE jobs j SET state = 'completed', result = $3, progress = 100, finished_at = now(), step = NULL,"
        f" cursor = NULL WHERE id = $1 AND attempt = $2 AND state = 'waiting' RETURNING {rows.JOB}",
        job_id,
        attempt,
        result,
    )
    if row is None:
        return None
    await rows.tell(tx, rows.job(row), "completed", {})
    return rows.job(row)


async def merge_result(tx: Transaction, job_id: UUID, *, attempt: int, more: dict[str, Any]) -> None:
    """Add to the result of a finished attempt."""
    await tx.execute(
        "UPDATE jobs SET result = result || $3 WHERE id = $1 AND attempt = $2 AND state = 'completed'",
        job_id,
        attempt,
        more,
    )


async def cancel_locked(tx: Transaction, locked: Job) -> None:
    """Cancel a job this transaction holds locked, whatever it does: a running worker is fenced out."""
    await tx.execute(
        "UPDATE jobs SET state = 'cancelled', finished_at = now(), want = NULL, step = NULL, due_at = NULL,"
        " lease_token = lease_token + 1, lease_until = NULL, worker = NULL WHERE id = $1",
        locked.id,
    )
    await rows.tell(tx, locked, "cancelled", {})


async def want(tx: Transaction, job_id: UUID, wish: str) -> None:
    """Leave a wish that the worker reads with its next heartbeat."""
    await tx.execute("UPDATE jobs SET want = $2 WHERE id = $1", job_id, wish)


async def wanted(tx: Transaction, job_id: UUID) -> str | None:
    """The wish left with a job, or None."""
    wish: str | None = await tx.fetchval("SELECT want FROM jobs WHERE id = $1", job_id)
    return wish


async def restart(tx: Transaction, locked: Job, *, state: str, queue: str, step: str) -> int:
    """A new attempt of a finished job that this transaction holds locked; returns its number."""
    attempt: int = await tx.fetchval(
        "UPDATE jobs SET state = $2, queue = $3, step = $4, attempt = attempt + 1, tries = 0, claims = 0, progress = 0,"
        " cursor = NULL, result = NULL, want = NULL, due_at = NULL, finished_at = NULL, started_at = NULL,"
        " lease_token = lease_token + 1, error_class = NULL, error_code = NULL, error_stage = NULL,"
        " error_message = NULL, error_recovery = NULL WHERE id = $1 RETURNING attempt",
        locked.id,
        state,
        queue,
        step,
    )
    await tx.execute(
        "INSERT INTO job_events (job_id, attempt, type) VALUES ($1, $2, 'attempt_started')", locked.id, attempt
    )
    if state == "ready":
        tx.ring(queue)
    return attempt
