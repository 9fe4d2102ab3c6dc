"""Who may come in: repeated requests are recognised, full queues take no more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from infra.postgres.database import Transaction

SOON = "interval '1 hour'"  # what is due within it waits already

# What is put off for later takes nobody's place yet; what failed does, however long its next try is away. Each part
# by its own small index, and no further than the answer needs. The order is that of the index: without one, the
# planner reads jobs that were done long ago.
_COUNTED = f"""
SELECT count(*) FROM (
  (SELECT 1 FROM jobs WHERE queue = $1 {{whose}} AND state = 'ready' ORDER BY rank_at, id LIMIT $2)
  UNION ALL
  (SELECT 1 FROM jobs WHERE queue = $1 {{whose}} AND state = 'scheduled' AND due_at <= now() + {SOON}
   ORDER BY due_at LIMIT $2)
  UNION ALL
  (SELECT 1 FROM jobs WHERE queue = $1 {{whose}} AND state = 'scheduled' AND tries > 0 AND due_at > now() + {SOON}
   ORDER BY due_at LIMIT $2)
) AS waiting
"""
_WAITING = _COUNTED.format(whose="")
_WAITING_OF_ONE = _COUNTED.format(whose="AND tenant = $3")

# From one tenant to the next by the index: jobs may be many, tenants are few.
_TENANTS = """
WITH RECURSIVE tenants AS (
  (SELECT tenant FROM jobs WHERE queue = $1 AND state = 'ready' ORDER BY tenant LIMIT 1)
  UNION ALL
  SELECT (SELECT tenant FROM jobs WHERE queue = $1 AND state = 'ready' AND tenant > t.tenant ORDER BY tenant LIMIT 1)
  FROM tenants t WHERE t.tenant IS NOT NULL
)
SELECT count(*) FROM tenants WHERE tenant <> $2
"""


@dataclass(frozen=True, kw_only=True)
class Room:
    """``free`` more jobs of a tenant may come into a queue where ``waiting`` wait, those of all tenants.

    ``share`` is how many of the tenant's may wait there however many others' do.
    """

    free: int
    waiting: int
    share: int


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


async def free(tx: Transaction, queue: str, *, tenant: str, places: int, limit: int) -> Room:
    """How much room a queue has for so many more jobs of a tenant; what is free stays so until the commit.

    Far from the limit newcomers come in side by side: each sees room for all that the server has connections for.
    Near it, and in numbers, they come in one after the other.
    """
    if places == 1 and (count := await _side_by_side(tx, queue, limit)) is not None:
        return Room(free=limit - count, waiting=count, share=limit)
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('queue ' || $1, 0))", queue)
    count = await waiting(tx, queue, at_most=limit + 1)
    if count + places <= limit:
        return Room(free=limit - count, waiting=count, share=limit)
    return await _shared(tx, queue, tenant, count, limit)


async def _shared(tx: Transaction, queue: str, tenant: str, count: int, limit: int) -> Room:
    """Of a queue that is full every tenant has its even share: one that fills it keeps no other out."""
    others: int = await tx.fetchval(_TENANTS, queue, tenant)
    share = min(limit, max(1, limit // (1 + others)))
    own: int = await tx.fetchval(_WAITING_OF_ONE, queue, share, tenant)
    return Room(free=max(0, limit - count, share - own), waiting=count, share=share)


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
