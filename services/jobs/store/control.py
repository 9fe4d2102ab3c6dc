"""What others do with jobs: move them on, end them, start them again."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from infra.runtime.telemetry import trace
from schemas.problem import Problem
from services.jobs.job import Job
from services.jobs.rank import BOOST_SECONDS
from services.jobs.store import rows

# A job that is started again queues as if it were new, a level ahead: old ones must not push everybody back.
_ANEW = rows.rank(boost="$5::real", failures="0", since="now()")


async def lock(tx: Transaction, job_id: UUID) -> Job | None:
    """The job, locked until the transaction ends; None if there is none."""
    row = await tx.fetchrow(f"SELECT {rows.JOB} FROM jobs j WHERE id = $1 FOR UPDATE", job_id)
    return rows.job(row) if row else None


async def move(
    tx: Transaction, ids: Sequence[UUID], *, queue: str, step: str, told: str, data: dict[str, Any] | None = None
) -> list[UUID]:
    """Waiting jobs become ready on a queue; returns those that were waiting."""
    found = await tx.fetch(
        "WITH moved AS (UPDATE jobs SET state = 'ready', queue = $2, step = $3, due_at = NULL, tries = 0, claims = 0,"
        "   ready_at = now()"
        "   WHERE id = ANY($1::uuid[]) AND state = 'waiting' RETURNING *)"
        f" {rows.telling('moved', '$4', '$5')} RETURNING job_id",
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
        f"UPDATE jobs j SET {rows.failed(2)} WHERE id = $1 AND state = 'waiting' RETURNING {rows.JOB}",
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
        f"UPDATE jobs j SET {rows.COMPLETED}, result = $3 WHERE id = $1 AND attempt = $2 AND state = 'waiting'"
        f" RETURNING {rows.JOB}",
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


async def want(tx: Transaction, job_id: UUID, wish: str) -> None:
    """Leave a wish that the worker reads with its next heartbeat."""
    await tx.execute("UPDATE jobs SET want = $2 WHERE id = $1", job_id, wish)


async def wanted(tx: Transaction, job_id: UUID) -> str | None:
    """The wish left with a job, or None."""
    wish: str | None = await tx.fetchval("SELECT want FROM jobs WHERE id = $1", job_id)
    return wish


async def restart(tx: Transaction, locked: Job, *, state: str, queue: str, step: str | None) -> int:
    """A new attempt of a finished job that this transaction holds locked; returns its number.

    It belongs to the trace of whoever asked for it.
    """
    [attempt] = await restart_many(tx, [locked], state=state, queue=queue, step=step)
    return attempt


async def restart_many(
    tx: Transaction, locked: Sequence[Job], *, state: str, queue: str, step: str | None
) -> list[int]:
    """As ``restart``, of many in one statement."""
    found = await tx.fetch(
        "WITH moved AS (UPDATE jobs SET"
        " state = $2, queue = $3, step = $4, attempt = attempt + 1, tries = 0, claims = 0, progress = 0,"
        " steps_completed = '{}', message = NULL, cursor = NULL, result = NULL, want = NULL, wanted_at = NULL,"
        " due_at = NULL, paused_from = NULL, finished_at = NULL, started_at = NULL, discarded_at = NULL,"
        " discard_reason = NULL, ready_at = now(), traceparent = coalesce($6, traceparent),"
        f" boost_seconds = $5, failures = 0, enqueued_at = now(), rank_at = {_ANEW},"
        f" lease_token = lease_token + 1, {rows.NO_ERROR} WHERE id = ANY($1::uuid[]) RETURNING *)"
        f" {rows.telling('moved', 'attempt_started')} RETURNING attempt",
        [str(job.id) for job in locked],
        state,
        queue,
        step,
        BOOST_SECONDS,
        trace.current(),
    )
    if state == "ready":
        tx.ring(queue)
    return [row["attempt"] for row in found]
