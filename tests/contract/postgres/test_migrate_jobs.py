"""Jobs and lines from before the engine was whole: what is shown and counted of them after the migration."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from infra.postgres.database import Database
from infra.postgres.migrate import found, migrate
from services.jobs.shapes import line
from services.jobs.store import statistics, views

ROOT = Path(__file__).parents[3]
DONE, FAILED, PARKED = UUID(int=1), UUID(int=2), UUID(int=3)
_BEFORE = f"""
INSERT INTO jobs (id, tenant, kind, queue, state, source_id) VALUES
  ('{DONE}', 't', 'crawl', 'submit', 'completed', 's'), ('{FAILED}', 't', 'load', 'load', 'failed', NULL),
  ('{PARKED}', 't', 'crawl', 'poll', 'waiting', NULL);
INSERT INTO job_events (job_id, attempt, type) VALUES
  ('{DONE}', 1, 'queued'), ('{DONE}', 1, 'started'), ('{DONE}', 1, 'retrying'), ('{DONE}', 1, 'started'),
  ('{DONE}', 1, 'completed'), ('{FAILED}', 1, 'failed'), ('{FAILED}', 2, 'queued'), ('{PARKED}', 1, 'started'),
  ('{PARKED}', 1, 'collecting');
"""


@pytest.fixture
async def old(postgres_dsn: str) -> AsyncIterator[Database]:
    """A database of the first release, with jobs in it."""
    name = f"old_{uuid4().hex}"
    server = await asyncpg.connect(postgres_dsn)
    await server.execute(f"CREATE DATABASE {name}")
    database = await Database.connect(postgres_dsn.replace("/postgres?", f"/{name}?", 1))
    await migrate(database, [one for one in found(ROOT) if one.version == 1])
    await database.pool.execute(_BEFORE)
    yield database
    await database.close()
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


async def told(database: Database, job_id: UUID) -> list[tuple[str, str, float, int]]:
    async with database.reading() as tx:
        lines = [line(one) for one in await views.timeline(tx, job_id, after=0, limit=100)]
    return [(one["type"], one["status"], one["progress"], one["retry_count"]) for one in lines]


async def test_lines_from_before_say_how_their_jobs_were(old: Database) -> None:
    await migrate(old, found(ROOT))

    assert await told(old, DONE) == [
        ("queued", "queued", 0, 0),
        ("started", "processing", 0, 0),
        ("retrying", "retrying", 0, 1),
        ("started", "processing", 0, 1),
        ("completed", "completed", 100, 1),
    ]
    assert await told(old, FAILED) == [("failed", "failed", 0, 0), ("queued", "queued", 0, 0)]
    assert await told(old, PARKED) == [("started", "processing", 0, 0), ("collecting", "processing", 0, 0)]
    whose = await old.pool.fetch("SELECT DISTINCT tenant, kind, queue, source_id FROM job_events ORDER BY queue")
    assert [tuple(one) for one in whose] == [
        ("t", "load", "load", None),
        ("t", "crawl", "poll", None),
        ("t", "crawl", "submit", "s"),
    ]


async def test_counting_begins_after_the_lines_from_before(old: Database) -> None:
    await migrate(old, found(ROOT))
    await old.pool.execute(
        "INSERT INTO job_events (job_id, attempt, type, tenant, kind, queue, state)"
        " VALUES ($1, 1, 'completed', 't', 'crawl', 'submit', 'completed')",
        DONE,
    )

    async with old.transaction() as tx:
        counted = await statistics.count(tx, limit=100, growth=1.15, least_seconds=0.001)
    async with old.reading() as tx:
        totals = await statistics.totals(tx)

    assert counted == 1
    assert [(one["kind"], one["type"], one["count"]) for one in totals] == [("crawl", "completed", 1)]


async def test_where_nothing_was_before_counting_begins_with_the_first_line(database: Database) -> None:
    assert tuple(await database.pool.fetchrow("SELECT xid, id FROM job_stats_cursor")) == (0, 0)
