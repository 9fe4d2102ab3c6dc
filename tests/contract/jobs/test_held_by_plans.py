"""What holds the jobs of a page is counted once, however many jobs it shows and whatever runs."""

from typing import Any
from uuid import UUID

import pytest

from infra.postgres.database import Database
from services.jobs.store import batches, views
from tests.contract.jobs.plans import Spy, nodes, spied

RUNNING = 300
SHOWN = 500
TABLE = RUNNING + SHOWN  # so few are read whole
ID = UUID(int=1)
_FILL = f"""
INSERT INTO jobs (id, kind, queue, state, batch_id)
SELECT CASE n WHEN {RUNNING + 1} THEN '{ID}'::uuid ELSE gen_random_uuid() END, 'k', 'q',
  CASE WHEN n <= {RUNNING} THEN 'running' ELSE 'ready' END, CASE WHEN n > {RUNNING} THEN '{ID}'::uuid END
FROM generate_series(1, {RUNNING + SHOWN}) n
"""
READERS: dict[str, Any] = {
    "a batch": lambda tx: batches.page(tx, ID, after=None, limit=SHOWN),
    "a job": lambda tx: views.one(tx, ID, tenant="default"),
}


class Reading(Spy):
    async def fetchrow(self, sql: str, *args: object) -> None:
        self.said.append((sql, args))


@pytest.mark.parametrize(("name", "shown"), [("a batch", SHOWN), ("a job", 1)])
async def test_what_runs_is_counted_once_for_all_that_is_shown(database: Database, name: str, shown: int) -> None:
    await database.pool.execute(_FILL)
    await database.pool.execute("INSERT INTO queues (name, concurrency, tenant_concurrency) VALUES ('q', 1000, 1000)")
    await database.pool.execute("VACUUM ANALYZE jobs")
    spy: Any = Reading()
    await READERS[name](spy)
    sql, args = spied(spy)

    read = [n for n in await nodes(database, sql, *args) if n.get("Relation Name") == "jobs"]

    assert len(read) > 1  # control: what runs is counted
    assert sum((n["Actual Rows"] + n.get("Rows Removed by Filter", 0)) * n["Actual Loops"] for n in read) <= (
        TABLE + shown
    )
