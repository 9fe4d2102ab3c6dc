"""What leaves is read and locked once, however many tenants have old jobs."""

from typing import Any
from uuid import UUID

import pytest

from infra.postgres.database import Database
from services.jobs.store import history
from tests.contract.jobs.plans import Spy, nodes, spied

TENANTS = 25
MANY = 25_000
LEAVING = 100  # of so many more that the planner has no choice
READ = 5 * LEAVING
_FILL = f"""
INSERT INTO jobs (id, tenant, kind, queue, state, created_at, finished_at)
SELECT gen_random_uuid(), 't' || n % {TENANTS}, 'k' || n / {TENANTS} % 2, 'q', 'completed', at, at
FROM generate_series(1, {MANY}) n, LATERAL (SELECT now() - interval '30 day' + n * interval '1 s' AS at) AS ended
"""


class Leaving(Spy):
    """A connection of the only one who archives."""

    async def fetchval(self, *_: object) -> bool:
        return True

    async def execute(self, sql: str, *args: object) -> int:
        self.said.append((sql, args))
        return 0


@pytest.fixture
async def full(database: Database) -> Database:
    """Many tenants, each with more old jobs of each kind than leave at once."""
    await database.pool.execute(_FILL)
    await database.pool.execute("VACUUM ANALYZE jobs")
    return database


async def leave(tx: Any) -> int:
    return await history.leave(
        tx,
        UUID(int=1),
        kinds=["k0", "k1"],
        days=7,
        dead_letter_days=28,
        key_days=7,
        limit=LEAVING,
        most_bytes=8 << 20,
    )


def rows(found: list[dict[str, Any]]) -> int:
    return sum(round((n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) * n["Actual Loops"]) for n in found)


async def ran(database: Database) -> list[dict[str, Any]]:
    spy = Leaving()
    await leave(spy)
    sql, args = spied(spy)
    return await nodes(database, sql, *args)


async def test_a_batch_reads_and_locks_about_what_leaves_with_it(full: Database) -> None:
    found = await ran(full)

    assert rows([n for n in found if n.get("Relation Name") == "jobs" and "Scan" in n["Node Type"]]) <= READ
    assert 0 < rows([n for n in found if n["Node Type"] == "LockRows"]) <= LEAVING


async def test_control_without_the_index_of_what_ended_a_batch_reads_them_all(full: Database) -> None:
    await full.pool.execute("DROP INDEX jobs_ended")

    assert rows([n for n in await ran(full) if n.get("Relation Name") == "jobs"]) > READ


async def test_the_longest_over_leave_first_and_all_in_the_end(full: Database) -> None:
    beyond = "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs ORDER BY finished_at OFFSET $1)"
    await full.pool.execute(beyond, 2 * LEAVING)
    oldest = await full.pool.fetchval("SELECT id FROM jobs ORDER BY finished_at LIMIT 1")

    async with full.transaction() as tx:
        left = [await leave(tx)]
        first = await tx.fetchval("SELECT EXISTS (SELECT FROM leaving_jobs WHERE job_id = $1)", oldest)
        left += [await leave(tx), await leave(tx)]

    assert first
    assert left == [LEAVING, LEAVING, 0]
