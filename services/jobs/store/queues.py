"""Queues: whether they are worked, and how much at once."""

from typing import TypedDict

from infra.postgres.database import Transaction

ALL = "*"  # in whose row a pause of all queues is kept


def is_paused(queue: str) -> str:
    """SQL: whether somebody stopped this queue, or all. ``queue`` is a parameter, a column or a literal."""
    return f"EXISTS (SELECT FROM queues WHERE name IN ({queue}, '{ALL}') AND paused_at IS NOT NULL)"


# Once for all rows that are shown, and not at all where no queue of theirs has limits.
RUNNING = """running AS MATERIALIZED (
  SELECT queue, tenant, count(*) AS n FROM jobs WHERE state = 'running' GROUP BY queue, tenant)"""

_FULL = "(SELECT coalesce(sum(r.n), 0) FROM running r WHERE r.queue = jobs.queue{})"

# Of a row of jobs, beside ``RUNNING``.
HELD_BY = f"""CASE
  WHEN state NOT IN ('ready', 'scheduled', 'waiting') THEN NULL
  WHEN {is_paused(f"'{ALL}'")} THEN 'all_paused'
  WHEN {is_paused("jobs.queue")} THEN 'queue_paused'
  WHEN state = 'ready' THEN (SELECT CASE
    WHEN q.concurrency IS NOT NULL AND q.concurrency <= {_FULL.format("")} THEN 'limit'
    WHEN q.tenant_concurrency IS NOT NULL AND q.tenant_concurrency <= {_FULL.format(" AND r.tenant = jobs.tenant")}
      THEN 'tenant_limit' END FROM queues q WHERE q.name = jobs.queue)
  END AS held_by"""


async def pause(tx: Transaction, name: str) -> None:
    """Nobody takes jobs from this queue any more; the first pause counts."""
    await tx.execute(
        "INSERT INTO queues AS q (name, paused_at) VALUES ($1, now())"
        " ON CONFLICT (name) DO UPDATE SET paused_at = coalesce(q.paused_at, excluded.paused_at)",
        name,
    )


async def resume(tx: Transaction, name: str | None) -> list[str]:
    """Work this queue again, or every one; returns those that were paused."""
    found = await tx.fetch(
        "UPDATE queues SET paused_at = NULL WHERE paused_at IS NOT NULL AND ($1::text IS NULL OR name = $1)"
        " RETURNING name",
        name,
    )
    return [row["name"] for row in found]


class Limits(TypedDict, total=False):
    """How many jobs of a queue run at once, over all tenants and of each; None: as many as there are workers."""

    concurrency: int | None
    tenant_concurrency: int | None


async def limit(tx: Transaction, name: str, limits: Limits) -> Limits:
    """Change the limits that are named; returns all that hold then."""
    row = await tx.fetchrow(
        "INSERT INTO queues AS q (name, concurrency, tenant_concurrency) VALUES ($1, $2, $3)"
        " ON CONFLICT (name) DO UPDATE SET concurrency = CASE WHEN $4 THEN $2 ELSE q.concurrency END,"
        " tenant_concurrency = CASE WHEN $5 THEN $3 ELSE q.tenant_concurrency END"
        " RETURNING concurrency, tenant_concurrency",
        name,
        limits.get("concurrency"),
        limits.get("tenant_concurrency"),
        "concurrency" in limits,
        "tenant_concurrency" in limits,
    )
    return Limits(concurrency=row["concurrency"], tenant_concurrency=row["tenant_concurrency"])


async def paused(tx: Transaction) -> list[str]:
    """Names of paused queues; ``ALL`` stands for every one."""
    found = await tx.fetch("SELECT name FROM queues WHERE paused_at IS NOT NULL ORDER BY name")
    return [row["name"] for row in found]
