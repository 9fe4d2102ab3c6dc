"""How PostgreSQL runs the engine's statements."""

import json
from collections.abc import Iterator
from typing import Any

from infra.postgres.database import Database

MANY = 50_000
FILL = f"""
INSERT INTO jobs (id, kind, queue, tenant, state, rank_at, due_at, lease_until, finished_at, want, wanted_at)
SELECT gen_random_uuid(), 'k', CASE WHEN n % 3 = 0 THEN 'q' ELSE 'other' END, 't' || n % 7,
  CASE WHEN n % 200 = 2 THEN 'running' ELSE
    (ARRAY['ready', 'scheduled', 'completed', 'waiting', 'paused', 'completed', 'completed', 'failed'])[1 + n % 8] END,
  now() + n * interval '1 ms', now() + (n - 100) * interval '1 s', now() + (n - 100) * interval '1 s',
  CASE WHEN n % 8 > 4 THEN now() - n * interval '1 s' END,
  CASE WHEN n % 1000 = 2 THEN 'cancel' END,
  CASE WHEN n % 1000 = 2 THEN now() - interval '1 minute' END
FROM generate_series(1, {MANY}) n
"""
"""Many jobs of every state."""


class Spy:
    """A connection that keeps the statements and runs none."""

    def __init__(self) -> None:
        self.said: list[tuple[str, tuple[object, ...]]] = []

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        self.said.append((sql, args))
        return []

    async def fetchrow(self, sql: str, *args: object) -> None:
        """Nothing is limited here."""


async def nodes(database: Database, sql: str, *args: object) -> list[dict[str, Any]]:
    """The plan's nodes as they ran; the statement is rolled back."""
    async with database.pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # what a worker's cached statement gets in the long run
        await connection.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *args)
        await transaction.rollback()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return list(_walk(plan[0]["Plan"]))


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _walk(child)


def scans(found: list[dict[str, Any]]) -> dict[str, int]:
    """Index of every scan of the jobs, or its kind, with the rows it looked at in vain."""
    of_jobs = [n for n in found if n.get("Relation Name") == "jobs" and "Scan" in n["Node Type"]]
    return {n.get("Index Name", n["Node Type"]): n.get("Rows Removed by Filter", 0) for n in of_jobs}


def spied(spy: Spy) -> tuple[str, tuple[object, ...]]:
    [(sql, args)] = spy.said
    return sql, args
