"""How PostgreSQL runs the engine's statements."""

import json
from collections.abc import Iterator
from typing import Any

from infra.postgres.database import Database


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
