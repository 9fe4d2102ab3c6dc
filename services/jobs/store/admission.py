"""Who may come in: repeated requests are recognised, full queues take no more."""

from datetime import datetime
from uuid import UUID

from infra.postgres.database import Transaction

SOON = "interval '1 hour'"  # what is due within it waits already

# What is put off for later takes nobody's place yet; what failed does, however long its next try is away. Each part
# by its own small index, and no further than the answer needs. The order is that of the index: without one, the
# planner reads jobs that were done long ago.
_WAITING = f"""
SELECT count(*) FROM (
  (SELECT 1 FROM jobs WHERE queue = $1 AND state = 'ready' ORDER BY rank_at, id LIMIT $2)
  UNION ALL
  (SELECT 1 FROM jobs WHERE queue = $1 AND state = 'scheduled' AND due_at <= now() + {SOON}
   ORDER BY due_at LIMIT $2)
  UNION ALL
  (SELECT 1 FROM jobs WHERE queue = $1 AND state = 'scheduled' AND tries > 0 AND due_at > now() + {SOON}
   ORDER BY due_at LIMIT $2)
) AS waiting
"""


async def known(tx: Transaction, job_id: UUID) -> str | None:
    """The fingerprint of the request that made this job, or None if there is none yet.

    Until the transaction ends, nobody else is answered for this id.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('id ' || $1::text, 0))", str(job_id))
    row = await tx.fetchrow("SELECT fingerprint FROM jobs WHERE id = $1", job_id)
    return (row["fingerprint"] or "") if row else None


async def soon(tx: Transaction) -> datetime:
    """What is due until then waits already; what is due later takes nobody's place."""
    until: datetime = await tx.fetchval(f"SELECT now() + {SOON}")
    return until


async def waiting(tx: Transaction, queue: str, *, at_most: int) -> int:
    """How many jobs wait in a queue, counted up to about ``at_most``: ready, due within the hour, or retrying."""
    count: int = await tx.fetchval(_WAITING, queue, at_most)
    return count


async def free(tx: Transaction, queue: str, *, places: int, limit: int) -> tuple[bool, int]:
    """Whether a queue has room for so many more, and how many wait; what is free stays so until the commit.

    Far from the limit newcomers come in side by side: each sees room for all that the server has connections for.
    Near it, and in numbers, they come in one after the other.
    """
    if places == 1 and (count := await _side_by_side(tx, queue, limit)) is not None:
        return True, count
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('queue ' || $1, 0))", queue)
    count = await waiting(tx, queue, at_most=limit + 1)
    return count + places <= limit, count


async def _side_by_side(tx: Transaction, queue: str, limit: int) -> int | None:
    savepoint = tx.connection.transaction()  # going back to it frees the lock
    await savepoint.start()
    crowd: int = await tx.fetchval(
        "SELECT current_setting('max_connections')::int"
        " FROM pg_advisory_xact_lock_shared(hashtextextended('queue ' || $1, 0))",
        queue,
    )
    count = await waiting(tx, queue, at_most=max(0, limit - crowd) + 1)
    if count + crowd > limit:
        await savepoint.rollback()
        return None
    await savepoint.commit()
    return count
