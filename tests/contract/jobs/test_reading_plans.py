"""Whoever reads jobs costs as much as what is shown, however many jobs there are and were."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from infra.postgres.database import Database
from infra.postgres.log_cursor import Cursor
from services.jobs.store import durations, lines, views
from services.jobs.store.lines import LINES, Watched
from services.jobs.store.views import Wanted
from tests.contract.jobs.plans import Spy, nodes, spied

MANY = 20_000
LIVING = 60
SHOWN = 20
MOST = 200  # rows a statement may touch
NOW = datetime(2026, 1, 2, tzinfo=UTC)
ID = UUID(int=1)

_FILL = f"""
INSERT INTO jobs (id, kind, queue, state, created_at, rank_at, started_at, finished_at, source_id, batch_id)
SELECT CASE n WHEN 1 THEN '{ID}'::uuid ELSE gen_random_uuid() END,
  CASE WHEN n % 1999 = 0 THEN 'rare' ELSE 'k' || n % 3 END, 'q',
  CASE WHEN n <= {LIVING} THEN 'ready' WHEN n % 500 = 0 THEN 'failed' ELSE 'completed' END,
  now() - n % 997 * interval '1 min', now() - n * interval '1 s', now() - n * interval '1 min',
  CASE WHEN n > {LIVING} THEN now() - (n - {LIVING}) * interval '10 s' END,
  CASE WHEN n % 1000 = 0 THEN 's' END, CASE WHEN n % 1000 = 0 THEN '{ID}'::uuid END
FROM generate_series(1, {MANY}) n
"""
_LINES = f"""
INSERT INTO job_events (job_id, attempt, tenant, type, xid)
SELECT CASE WHEN n % 1000 = 0 THEN '{ID}'::uuid ELSE gen_random_uuid() END, 1, 'default', 'progress', n::text::xid8
FROM generate_series(1, {MANY}) n
"""

ALL = Wanted(tenant="default")
BEFORE = (NOW, ID)
STATEMENTS = {
    "jobs": lambda tx: views.page(tx, ALL, before=None, limit=SHOWN),
    "jobs, a later page": lambda tx: views.page(tx, ALL, before=(datetime.now(UTC), ID), limit=SHOWN),
    "jobs of a kind": lambda tx: views.page(tx, Wanted(tenant="default", kind="k1"), before=None, limit=SHOWN),
    "jobs of a rare kind": lambda tx: views.page(tx, Wanted(tenant="default", kind="rare"), before=None, limit=SHOWN),
    "jobs of no kind": lambda tx: views.page(tx, Wanted(tenant="default", kind="none"), before=None, limit=SHOWN),
    "completed jobs": lambda tx: views.page(
        tx, Wanted(tenant="default", statuses=("completed",)), before=None, limit=SHOWN
    ),
    "failed jobs": lambda tx: views.page(tx, Wanted(tenant="default", statuses=("failed",)), before=None, limit=SHOWN),
    "a batch": lambda tx: views.page(tx, Wanted(tenant="default", batch_id=ID), before=None, limit=SHOWN),
    "a source": lambda tx: views.page(tx, Wanted(tenant="default", source_id="s"), before=None, limit=SHOWN),
    "active jobs": lambda tx: views.living(tx, ALL, before=None, limit=SHOWN),
    "what ended lately": lambda tx: views.ended(tx, tenant="default", within_seconds=300, before=None, limit=SHOWN),
    "a timeline": lambda tx: views.timeline(tx, ID, after=0, limit=SHOWN),
    "a snapshot": lambda tx: lines.shown(tx, Watched(tenant="default"), epoch=1, before=None, limit=SHOWN),
    "new lines": lambda tx: LINES.page(tx, Cursor(1, MANY - SHOWN, 0), None, limit=SHOWN),
    "how far a job is": lambda tx: durations.headway(tx, ID, attempt=1),
}


class Reading(Spy):
    async def fetchrow(self, sql: str, *args: object) -> Any:
        self.said.append((sql, args))
        return {"progress": 0, "seconds": 0}


@pytest.fixture
async def full(database: Database) -> Database:
    """A database with many jobs that are over, and few that are not."""
    await database.pool.execute(_FILL)
    await database.pool.execute(_LINES)
    await database.pool.execute("VACUUM ANALYZE jobs")
    await database.pool.execute("VACUUM ANALYZE job_events")
    return database


async def touched(database: Database, name: str) -> int:
    """How many rows of jobs and lines a statement looks at."""
    spy: Any = Reading()
    await STATEMENTS[name](spy)
    sql, args = spied(spy)
    found = [node for node in await nodes(database, sql, *args) if "Relation Name" in node]
    assert found
    return sum((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"] for node in found)


async def test_every_statement_looks_at_few_rows(full: Database) -> None:
    assert {name: rows for name in STATEMENTS if (rows := await touched(full, name)) > MOST} == {}


@pytest.mark.parametrize(
    ("index", "name"),
    [
        ("jobs_living", "active jobs"),
        ("jobs_over", "jobs"),
        ("jobs_over", "jobs of a rare kind"),
        ("jobs_lost", "failed jobs"),
        ("jobs_ended", "what ended lately"),
        ("job_events_cursor", "new lines"),
        ("job_events_job", "a timeline"),
    ],
)
async def test_control_a_statement_without_its_index_is_noticed(full: Database, index: str, name: str) -> None:
    await full.pool.execute(f"DROP INDEX {index}")

    assert await touched(full, name) > MOST


async def test_how_long_others_took_is_read_a_bounded_way(full: Database) -> None:
    spy: Any = Reading()
    await durations.recent(spy, tenant="default", kind="k1")
    sql, args = spied(spy)

    found = [node for node in await nodes(full, sql, *args) if "Relation Name" in node]

    assert [node.get("Index Name") for node in found] == ["jobs_ended"]
    assert found[0]["Actual Rows"] == durations.MOST_ENDS
