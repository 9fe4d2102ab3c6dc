"""Batches, sources, schedules and what leaves are found by small indexes, however many jobs there are."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from infra.postgres.database import Database
from services.jobs.store import batches, history, schedules, views
from services.jobs.store.views import Wanted
from tests.contract.jobs.plans import Spy, nodes

MANY = 50_000
LEAVING = 500
READ = 200  # rows that a statement may look at, beside those it shows
ID = UUID(int=1)
_FILL = f"""
INSERT INTO jobs (id, kind, queue, state, created_at, finished_at, source_id, batch_id)
SELECT gen_random_uuid(), 'k', 'q', CASE WHEN n % 50 = 0 THEN 'ready' ELSE 'completed' END,
  now() - n * interval '1 s', CASE WHEN n % 50 > 0 THEN now() - ({MANY} - n) * interval '1 minute' END,
  CASE WHEN n % 1000 = 1 THEN 's' ELSE 's' || n END,
  CASE WHEN n % 1000 = 1 THEN '{ID}'::uuid WHEN n % 2 = 0 THEN gen_random_uuid() END
FROM generate_series(1, {MANY}) n
"""
_SCHEDULES = """
INSERT INTO schedules (id, tenant, name, cron, timezone, kind, next_at)
SELECT gen_random_uuid(), 'default', 'n' || n, '* * * * *', 'UTC', 'k', now() + (n - 20) * interval '1 minute'
FROM generate_series(1, 5000) n
"""
STATEMENTS: dict[str, Any] = {
    "a source": lambda tx: views.page(tx, Wanted(tenant="default", source_id="s"), before=None, limit=20),
    "a batch": lambda tx: batches.page(tx, ID, after=None, limit=20),
    "open batches": lambda tx: batches.still_open(tx, [ID, uuid4()]),
    "due schedules": lambda tx: schedules.due(tx, limit=100),
}
INDEXES = [
    ("a source", "jobs_source"),
    ("a batch", "jobs_batch"),
    ("open batches", "jobs_batch_open"),
    ("due schedules", "schedules_due"),
]


class Leaving(Spy):
    async def fetchval(self, sql: str, *args: object) -> bool:
        """Nobody else archives."""
        return True

    async def execute(self, sql: str, *args: object) -> int:
        self.said.append((sql, args))
        return 0


@pytest.fixture
async def full(database: Database) -> Database:
    """A database with many jobs, most of them over, and many schedules."""
    await database.pool.execute(_FILL)
    await database.pool.execute(_SCHEDULES)
    await database.pool.execute("VACUUM ANALYZE jobs")
    await database.pool.execute("VACUUM ANALYZE schedules")
    return database


async def scanned(database: Database, statement: Any) -> list[dict[str, Any]]:
    """The scans of tables and indexes as they ran."""
    spy: Any = Leaving()
    await statement(spy)
    sql, args = spy.said[-1]
    return [node for node in await nodes(database, sql, *args) if "Scan" in node["Node Type"]]


def read(found: list[dict[str, Any]]) -> int:
    """Rows of jobs and schedules that were looked at."""
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in found
        if node.get("Relation Name") in {"jobs", "schedules"}
    )


@pytest.mark.parametrize(("name", "index"), INDEXES)
async def test_a_statement_walks_its_index_and_reads_little(full: Database, name: str, index: str) -> None:
    found = await scanned(full, STATEMENTS[name])

    assert index in {node.get("Index Name") for node in found}
    assert read(found) <= READ


@pytest.mark.parametrize(("name", "index"), INDEXES)
async def test_control_a_statement_without_its_index_is_noticed(full: Database, name: str, index: str) -> None:
    await full.pool.execute(f"DROP INDEX {index}")

    found = await scanned(full, STATEMENTS[name])

    assert index not in {node.get("Index Name") for node in found}


async def leave(tx: Any) -> None:
    await history.leave(tx, ID, kinds=["k"], days=7, dead_letter_days=28, key_days=7, limit=LEAVING, most_bytes=8 << 20)


async def test_a_batch_that_leaves_is_found_without_reading_all_jobs(full: Database) -> None:
    found = await scanned(full, leave)
    of_jobs = [n for n in found if n.get("Relation Name") == "jobs"]

    assert {node["Node Type"] for node in of_jobs} <= {"Index Scan", "Index Only Scan"}
    assert read(of_jobs) <= 5 * LEAVING


async def test_control_what_leaves_without_its_index_is_noticed(full: Database) -> None:
    await full.pool.execute("DROP INDEX jobs_ended")

    assert read(await scanned(full, leave)) > 5 * LEAVING
