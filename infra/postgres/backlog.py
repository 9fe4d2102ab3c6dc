"""What waits for workers and which of them are busy, as whoever starts and stops processes sees it."""

from collections.abc import Collection
from dataclasses import dataclass

from infra.postgres.database import Database

# More workers help where jobs wait although they may be worked: not on a paused queue, nor where a limit is reached.
# Who comes next tells how long a queue is behind; of a queue with limits for tenants only its first hundred are asked.
_WAITS = """
SELECT max(extract(epoch FROM clock_timestamp() - first.enqueued_at))
FROM unnest($1::text[]) AS q (name) LEFT JOIN queues l USING (name) CROSS JOIN LATERAL (
  SELECT next.enqueued_at FROM (
    SELECT tenant, enqueued_at, rank_at, id FROM jobs WHERE queue = q.name AND state = 'ready'
    ORDER BY rank_at, id LIMIT CASE WHEN l.tenant_concurrency IS NULL THEN 1 ELSE 100 END
  ) next
  WHERE l.tenant_concurrency IS NULL OR next.tenant <> ALL (ARRAY(
    SELECT tenant FROM jobs WHERE state = 'running' AND queue = q.name
    GROUP BY tenant HAVING count(*) >= l.tenant_concurrency))
  ORDER BY next.rank_at, next.id LIMIT 1
) first
WHERE NOT EXISTS (SELECT FROM queues WHERE name IN (q.name, '*') AND paused_at IS NOT NULL)
  AND (l.concurrency IS NULL
    OR (SELECT count(*) FROM jobs WHERE state = 'running' AND queue = q.name) < l.concurrency)
"""


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """How long, in seconds, whoever comes next has waited; 0 if nobody waits. ``busy`` names workers that hold jobs."""

    waits: float
    busy: frozenset[str]


async def backlog(database: Database, queues: Collection[str]) -> Backlog:
    """What these queues look like now. Raises ``DatabaseAway``."""
    async with database.reading() as tx:
        waits = await tx.fetchval(_WAITS, list(queues))
        busy = await tx.fetch("SELECT DISTINCT worker FROM jobs WHERE state = 'running' AND worker IS NOT NULL")
    return Backlog(waits=float(waits or 0), busy=frozenset(row["worker"] for row in busy))


async def room(database: Database, *, pool: int) -> int:
    """How many processes with pools of this size the server has connections for. Raises ``DatabaseAway``."""
    async with database.reading() as tx:
        most = await tx.fetchval(
            "SELECT current_setting('max_connections')::integer"
            " - current_setting('superuser_reserved_connections')::integer"
            " - current_setting('reserved_connections')::integer"
        )
    return max(1, int(most) // pool)
