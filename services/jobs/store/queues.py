"""Queues: whether they are worked, and how much at once."""

from infra.postgres.database import Transaction

ALL = "*"  # in whose row a pause of all queues is kept


def is_paused(queue: str) -> str:
    """SQL: whether somebody stopped this queue, or all. ``queue`` is a parameter, a column or a literal."""
    return f"EXISTS (SELECT FROM queues WHERE name IN ({queue}, '{ALL}') AND paused_at IS NOT NULL)"


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


async def limit(tx: Transaction, name: str, *, concurrency: int | None, tenant_concurrency: int | None) -> None:
    """At most so many of its jobs run at once, over all tenants and of each; None: as many as there are workers."""
    await tx.execute(
        "INSERT INTO queues (name, concurrency, tenant_concurrency) VALUES ($1, $2, $3)"
        " ON CONFLICT (name) DO UPDATE SET concurrency = $2, tenant_concurrency = $3",
        name,
        concurrency,
        tenant_concurrency,
    )


async def paused(tx: Transaction) -> list[str]:
    """Names of paused queues; ``ALL`` stands for every one."""
    found = await tx.fetch("SELECT name FROM queues WHERE paused_at IS NOT NULL ORDER BY name")
    return [row["name"] for row in found]
