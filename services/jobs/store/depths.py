"""What is not over yet, counted: each state by its own small index, however many jobs are over."""

from collections.abc import Mapping
from typing import Any

from infra.postgres.database import Transaction
from services.jobs.shapes import STEPS_AS_STATUS
from services.jobs.store.admission import SOON

# Of each state what decides the status that is shown, and of ready jobs, who wait for a worker, the age. No more than
# what jobs_fair and jobs_parked hold: they are read alone, wherever jobs have lain still for a while.
_AGE = "extract(epoch FROM now() - min(greatest(enqueued_at, ready_at)))::float8"
_STEPS = ", ".join(f"'{step}'" for step in STEPS_AS_STATUS)
_STEP = f"CASE WHEN step IN ({_STEPS}) THEN step END"


def _counted(state: str, *, priority: str = "0", step: str = "NULL", age: str = "NULL", waiting: str = "0") -> str:
    return (
        f"(SELECT queue, {priority} AS priority, '{state}' AS state, {step}::text AS step, tries > 0 AS tried,"
        f" started_at IS NOT NULL AS started, count(*) AS count, {age}::float8 AS age, {waiting} AS waiting"
        f" FROM jobs WHERE state = '{state}' AND ($1::text IS NULL OR tenant = $1) GROUP BY 1, 2, 4, 5, 6)"
    )


# ``waiting`` is what takes a place in its queue, as services.jobs.store.admission has it.
_COUNTED = {
    "ready": _counted("ready", priority="priority", age=_AGE, waiting="count(*)"),
    "scheduled": _counted("scheduled", waiting=f"count(*) FILTER (WHERE tries > 0 OR due_at <= now() + {SOON})"),
    "waiting": _counted("waiting", step=_STEP),
    "running": _counted("running", step=_STEP),
    "paused": _counted("paused"),
}
OPEN = tuple(_COUNTED)
_DEPTHS = " UNION ALL ".join(_COUNTED.values())

# Leases that ran out are taken away within a second, and what is due is promoted as soon: nobody looks after these.
_STUCK = """
SELECT (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'running' AND lease_until < now() - $1 * interval '1 s'
          LIMIT $2) AS silent)
     + (SELECT count(*) FROM (SELECT FROM jobs WHERE state = 'scheduled' AND due_at < now() - $1 * interval '1 s'
          LIMIT $2) AS overdue)
"""

_DEAD = """
SELECT count(*) FROM (
  SELECT FROM jobs WHERE state = 'failed' AND discarded_at IS NULL AND ($1::text IS NULL OR tenant = $1)
    AND ($2::float8 IS NULL OR finished_at > now() - $2 * interval '1 s') LIMIT $3
) AS dead
"""
MOST = 10_000  # counted exactly up to here


async def depths(tx: Transaction, *, tenant: str | None) -> list[dict[str, Any]]:
    """Jobs that are not over, by queue and what decides their status; of ready ones also by priority.

    ``age`` is that of the oldest ready one in seconds; ``waiting`` of them take a place in their queue.
    """
    return [dict(row) for row in await tx.fetch(_DEPTHS, tenant)]


async def stuck(tx: Transaction, *, seconds: float) -> int:
    """Jobs whose lease ran out, or whose time came, longer ago than this."""
    found: int = await tx.fetchval(_STUCK, seconds, MOST)
    return found


async def dead(tx: Transaction, *, tenant: str | None, within_seconds: float | None = None) -> int:
    """Failed jobs that nobody retried or discarded, all of them or those of a time."""
    found: int = await tx.fetchval(_DEAD, tenant, within_seconds, MOST)
    return found


async def queues(tx: Transaction) -> Mapping[str, dict[str, Any]]:
    """Queues with a pause or limits, by name; ``*`` stands for all."""
    found = await tx.fetch("SELECT name, paused_at, concurrency, tenant_concurrency FROM queues")
    return {row["name"]: dict(row) for row in found}


async def outbox(tx: Transaction) -> dict[str, Any]:
    """Events that are not published yet: how many (up to a limit), and the age of the oldest in seconds."""
    row = await tx.fetchrow(
        "SELECT count(*) AS events, coalesce(extract(epoch FROM now() - min(time)), 0)::float8 AS oldest_seconds"
        " FROM (SELECT time FROM outbox ORDER BY seq LIMIT $1) AS waiting",
        MOST,
    )
    return dict(row)
