"""What time does to jobs: the due become ready, the abandoned become free."""

from infra.postgres.database import Transaction
from services.jobs.job import Job
from services.jobs.store import rows

# now(), not clock_timestamp(): only with a stable function an index finds what is due.

# From one queue to the next by the index: ready jobs may be many, queues are few.
_BUSY = """
WITH RECURSIVE busy AS (
  (SELECT queue FROM jobs WHERE state = 'ready' ORDER BY queue LIMIT 1)
  UNION ALL
  SELECT (SELECT queue FROM jobs WHERE state = 'ready' AND queue > b.queue ORDER BY queue LIMIT 1)
  FROM busy b WHERE b.queue IS NOT NULL
)
SELECT queue FROM busy WHERE queue IS NOT NULL
"""

# Waiting for its own time earns nobody a place ahead of those who wait for a worker.
_QUEUED = "CASE WHEN started_at IS NULL THEN greatest(enqueued_at, due_at) ELSE enqueued_at END"


async def promote(tx: Transaction, *, limit: int = 1000) -> int:
    """Scheduled jobs whose time has come become ready.

    One that was submitted for later queues as if it came now; one that was worked before keeps its place.
    """
    found = await tx.fetch(
        "WITH due AS (SELECT id FROM jobs WHERE state = 'scheduled' AND due_at <= now()"
        "   ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED)"
        f" UPDATE jobs j SET state = 'ready', due_at = NULL, ready_at = due_at, enqueued_at = {_QUEUED},"
        f"   rank_at = {rows.rank(since=_QUEUED)} FROM due WHERE j.id = due.id"
        " RETURNING j.queue",
        limit,
    )
    tx.ring(*{row["queue"] for row in found})
    return len(found)


async def reap(tx: Transaction, *, limit: int = 1000) -> int:
    """Jobs whose worker went silent become ready again; the claim they cost is kept against them."""
    found = await tx.fetch(
        "WITH dead AS (SELECT id FROM jobs WHERE state = 'running' AND lease_until < now()"
        "   ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED),"
        " freed AS (UPDATE jobs j SET state = 'ready', lease_token = lease_token + 1, lease_until = NULL,"
        "     worker = NULL, ready_at = now() FROM dead WHERE j.id = dead.id RETURNING j.*)"
        f" {rows.telling('freed', 'lease_expired')} RETURNING queue",
        limit,
    )
    tx.ring(*{row["queue"] for row in found})
    return len(found)


async def unheard(tx: Transaction, *, seconds: float, limit: int = 100) -> list[Job]:
    """Jobs whose workers did not heed a wish for so long, or left it behind; locked until the transaction ends."""
    found = await tx.fetch(
        f"SELECT {rows.JOB} FROM jobs j WHERE wanted_at IS NOT NULL"
        " AND state IN ('ready', 'scheduled', 'waiting', 'running')"
        " AND (state <> 'running' OR wanted_at < now() - $1 * interval '1 s')"
        " ORDER BY wanted_at LIMIT $2 FOR UPDATE SKIP LOCKED",
        seconds,
        limit,
    )
    return [rows.job(row) for row in found]


async def busy_queues(tx: Transaction) -> set[str]:
    """Queues with ready jobs: their doorbell may have been lost."""
    found = await tx.fetch(_BUSY)
    return {row["queue"] for row in found}


async def next_due_seconds(tx: Transaction, *, patience: float) -> float | None:
    """Seconds until something is due to be made, set free or told, at most 0 if it is; None if nothing is.

    Or enforced: wishes are so many seconds (``patience``) after they were made.
    """
    seconds = await tx.fetchval(
        "SELECT extract(epoch FROM least("
        "   (SELECT min(due_at) FROM jobs WHERE state = 'scheduled'),"
        "   (SELECT min(lease_until) FROM jobs WHERE state = 'running'),"
        "   (SELECT min(wanted_at) FROM jobs WHERE wanted_at IS NOT NULL"
        "     AND state IN ('ready', 'scheduled', 'waiting', 'running')) + $1 * interval '1 s',"
        "   (SELECT min(coalesce(retry_at, next_at)) FROM schedules WHERE NOT paused),"
        "   (SELECT min(due_at) FROM outbox)) - clock_timestamp())",
        patience,
    )
    return None if seconds is None else float(seconds)


async def forget_timeline(tx: Transaction, *, days: float, limit: int) -> int:
    """Remove the oldest lines of timelines; returns how many."""
    return await tx.execute(
        "DELETE FROM job_events WHERE ctid = ANY(ARRAY(SELECT ctid FROM ("
        "   SELECT ctid, at FROM job_events ORDER BY xid, id LIMIT $2) AS oldest"
        " WHERE at < now() - $1 * interval '1 day'))",
        days,
        limit,
    )
