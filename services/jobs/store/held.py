"""What a worker does with jobs it holds. Every write carries the lease token: who lost the lease writes nothing."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from infra.postgres.database import Transaction
from schemas.problem import Problem
from services.jobs.job import Job
from services.jobs.store import rows
from services.jobs.store.queues import is_paused

Lease = tuple[UUID, int]
"""A job and the token of one hold on it."""

_TAKE = """state = 'running', claims = claims + 1, lease_token = lease_token + 1, worker = $2,
  lease_until = clock_timestamp() + $3 * interval '1 s', started_at = coalesce(started_at, now())"""

# The inner query orders and locks, the outer one writes: PostgreSQL may otherwise update more rows than the limit.
_CLAIM = f"""
WITH next AS (
  SELECT id FROM jobs
  WHERE queue = $1 AND state = 'ready' AND NOT EXISTS (SELECT FROM queues WHERE name IN ($1, '*')
    AND (paused_at IS NOT NULL OR (name = $1 AND (concurrency IS NOT NULL OR tenant_concurrency IS NOT NULL))))
  ORDER BY rank_at, id LIMIT $4 FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE jobs j SET {_TAKE} FROM next WHERE j.id = next.id RETURNING j.*
), told AS ({rows.telling("taken", "started")})
SELECT {rows.JOB} FROM taken j ORDER BY j.rank_at, j.id
"""

_CLAIM_ONE = f"""
WITH taken AS (
  UPDATE jobs j SET {_TAKE}
  WHERE id = $1 AND state = 'ready' AND NOT {is_paused("j.queue")}
  RETURNING j.*
), told AS ({rows.telling("taken", "started")})
SELECT {rows.JOB} FROM taken j
"""

# Locked, so that claimers of a limited queue come one after the other: else each would count the same free places.
_LIMITS = f"""
SELECT concurrency, tenant_concurrency FROM queues
WHERE name = $1 AND (concurrency IS NOT NULL OR tenant_concurrency IS NOT NULL)
  AND NOT {is_paused("$1")}
FOR UPDATE
"""

# From one tenant to the next by the index; each offers its best, as many as it may have more, and some for those that
# others hold just now. Only what is taken is locked: a command on any other job need not wait.
_SPARE = 20
_CLAIM_FAIRLY = f"""
WITH RECURSIVE tenants AS (
  (SELECT tenant FROM jobs WHERE queue = $1 AND state = 'ready' ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT tenant FROM jobs WHERE queue = $1 AND state = 'ready' AND tenant > t.tenant ORDER BY tenant LIMIT 1)
  FROM tenants t WHERE t.tenant IS NOT NULL
), busy AS (
  SELECT tenant, count(*) AS n FROM jobs WHERE state = 'running' AND queue = $1 GROUP BY tenant
), best AS (
  SELECT b.id, b.rank_at FROM tenants t LEFT JOIN busy USING (tenant) CROSS JOIN LATERAL (
    SELECT id, rank_at FROM jobs WHERE queue = $1 AND state = 'ready' AND tenant = t.tenant
    ORDER BY rank_at, id LIMIT greatest(0, least($4 + {_SPARE}, $6 - coalesce(busy.n, 0)))
  ) b
  WHERE t.tenant IS NOT NULL
), next AS (
  SELECT id FROM jobs WHERE state = 'ready' AND id IN (SELECT id FROM best ORDER BY rank_at, id LIMIT $4 + {_SPARE})
  ORDER BY rank_at, id
  LIMIT greatest(0, least($4, $5 - (SELECT coalesce(sum(n), 0) FROM busy))) FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE jobs j SET {_TAKE} FROM next WHERE j.id = next.id RETURNING j.*
), told AS ({rows.telling("taken", "started")})
SELECT {rows.JOB} FROM taken j ORDER BY j.rank_at, j.id
"""
_UNLIMITED = 1_000_000

# A wish without a time is the handler's own affair: the engine does not enforce it. The state is dressed so that no
# index of running jobs fits it: each row is found by its id, and locked in the order given.
_HEARTBEAT = """
UPDATE jobs j SET lease_until = clock_timestamp() + $3 * interval '1 s'
FROM unnest($1::uuid[], $2::bigint[]) AS held(id, token)
WHERE j.id = held.id AND j.lease_token = held.token AND j.state || '' = 'running'
RETURNING j.id, j.lease_token, CASE WHEN j.wanted_at IS NOT NULL THEN j.want END AS want
"""

FINISHED = f"""{rows.COMPLETED},
  steps_completed = CASE WHEN step IS NULL THEN steps_completed ELSE steps_completed || step END"""

# Only work that need not be done again lets a job off the claims it cost: progress may be told before every crash.
_CHECKPOINT = f"""
WITH moved AS (
  UPDATE jobs SET cursor = coalesce($3, cursor), progress = greatest(progress, $4), step = coalesce($5, step),
    claims = CASE WHEN $3 IS NOT NULL AND $3 IS DISTINCT FROM cursor THEN 1 ELSE claims END,
    message = coalesce($6, message), steps_completed =
    CASE WHEN step IS NULL OR $5 IS NULL OR step = $5 THEN steps_completed ELSE steps_completed || step END
  WHERE id = $1 AND lease_token = $2 AND state = 'running'
  RETURNING *
)
{rows.telling("moved", "progress")} RETURNING job_id
"""


_TRIED_AGAIN = """'It is tried again by itself, next at '
  || to_char((clock_timestamp() + $5 * interval '1 s') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
  || '. If that does not help: ' || $9::text"""


async def claim(tx: Transaction, queue: str, *, limit: int, lease_seconds: float, worker: str) -> list[Job]:
    """Take the next ready jobs of a queue without limits, best rank first, in one statement."""
    found = await tx.fetch(_CLAIM, queue, worker, lease_seconds, limit)
    return [rows.job(row) for row in found]


async def claim_fairly(
    tx: Transaction, queue: str, *, limit: int, lease_seconds: float, worker: str
) -> list[Job] | None:
    """Take the next ready jobs of a queue that has limits, no more than they allow; None if it has none, or rests."""
    limits = await tx.fetchrow(_LIMITS, queue)
    if limits is None:
        return None
    most, most_each = (limits[name] or _UNLIMITED for name in ("concurrency", "tenant_concurrency"))
    found = await tx.fetch(_CLAIM_FAIRLY, queue, worker, lease_seconds, limit, most, most_each)
    return [rows.job(row) for row in found]


async def claim_one(tx: Transaction, job_id: UUID, *, lease_seconds: float, worker: str) -> Job | None:
    """Take one certain job; None if it is not ready, or its queue is paused."""
    row = await tx.fetchrow(_CLAIM_ONE, job_id, worker, lease_seconds)
    return rows.job(row) if row else None


async def heartbeat(tx: Transaction, leases: Sequence[Lease], *, lease_seconds: float) -> dict[Lease, str | None]:
    """Extend leases; returns what is wanted of each job that is still held. A missing lease is lost."""
    # in the order in which everybody locks jobs: else two who meet would wait for each other
    ordered = sorted((str(one), token) for one, token in leases)
    found = await tx.fetch(_HEARTBEAT, [one for one, _ in ordered], [token for _, token in ordered], lease_seconds)
    return {(UUID(str(row["id"])), row["lease_token"]): row["want"] for row in found}


async def complete(tx: Transaction, held: Job, result: dict[str, Any]) -> bool:
    """Finished with a result."""
    return await _settle(tx, held, f"{FINISHED}, result = $5", "completed", {}, result)


async def wait(tx: Transaction, held: Job, *, queue: str, step: str) -> bool:
    """Parked until something outside moves it on."""
    change = f"state = 'waiting', queue = $5, step = $6, claims = 0, tries = 0, {rows.NO_ERROR}"
    return await _settle(tx, held, change, step, {}, queue, step)


async def snooze(tx: Transaction, held: Job, *, seconds: float, step: str | None, reason: str | None = None) -> bool:
    """Come back later; neither a try nor a claim that counts. ``reason`` is kept for whoever asks why."""
    change = (
        "state = 'scheduled', claims = 0, step = coalesce($6, step), due_at = clock_timestamp() + $5 * interval '1 s',"
        " error_message = coalesce(left($7, 500), error_message)"
    )
    return await _settle(tx, held, change, "snoozed", {"seconds": round(seconds, 3)}, seconds, step, reason)


async def give_back(tx: Transaction, held: Job) -> bool:
    """Ready again at once, as if it had not been taken."""
    given = await _settle(
        tx, held, "state = 'ready', ready_at = now(), claims = greatest(claims - 1, 0)", "given_back", {}
    )
    if given:
        tx.ring(held.queue)
    return given


async def retry(tx: Transaction, held: Job, problem: Problem, *, seconds: float) -> bool:
    """Failed, and worth another try after ``seconds``. Whoever held it lives, so its claims are forgotten."""
    change = (
        "state = 'scheduled', tries = tries + 1, claims = 0, due_at = clock_timestamp() + $5 * interval '1 s',"
        f" failures = failures + 1, rank_at = {rows.rank(failures='failures + 1')},"
        f" error_class = $6, error_code = $7, error_message = $8, error_recovery = {_TRIED_AGAIN}"
    )
    told = {"code": problem.code, "message": rows.said(problem), "seconds": round(seconds, 3)}
    kept = problem.kind.value, problem.code, rows.said(problem), problem.by_hand
    return await _settle(tx, held, change, "retrying", told, seconds, *kept)


async def fail(tx: Transaction, held: Job, problem: Problem, *, stage: str | None = None) -> bool:
    """Failed for good: a dead letter, until somebody retries or discards it."""
    told = {"code": problem.code, "stage": stage, "message": rows.said(problem)}
    return await _settle(tx, held, rows.failed(5), "failed", told, *rows.error_columns(problem, stage))


async def cancel(tx: Transaction, held: Job) -> bool:
    """Ended because somebody wanted it."""
    return await _settle(tx, held, rows.CANCELLED, "cancelled", {})


async def _settle(tx: Transaction, held: Job, change: str, told: str, data: dict[str, Any], *args: object) -> bool:
    return bool(await tx.fetchval(_settling(change), held.id, held.lease_token, told, data, *args))


def _settling(change: str) -> str:
    """One statement that moves a held job and writes its timeline; no row back means the lease was lost."""
    return f"""
WITH moved AS (
  UPDATE jobs SET {change}, lease_until = NULL, worker = NULL
  WHERE id = $1 AND lease_token = $2 AND state = 'running'
  RETURNING *
)
{rows.telling("moved", "$3", "$4")} RETURNING job_id
"""


async def checkpoint(
    tx: Transaction,
    held: Job,
    cursor: dict[str, Any] | None,
    *,
    progress: float,
    step: str | None,
    message: str | None = None,
) -> bool:
    """Keep how far the work is; False if the lease was lost. Progress never falls within an attempt.

    What is None stays as it is.
    """
    args = (cursor, progress, step, message and rows.storable(message[:500]))
    return bool(await tx.fetchval(_CHECKPOINT, held.id, held.lease_token, *args))
