"""However many crawls are old and however much was ordered, they leave in bounded batches, found by small indexes."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from functions import clean_up
from services.crawling.history.archive_crawls import archive_crawls
from services.crawling.store.history import BESIDE
from services.jobs.history import archive_jobs as archiving
from services.jobs.history.archive_jobs import jobs_leave
from tests.contract.jobs.plans import Spy, nodes
from tests.flow.crawling.archives import archived, left_behind
from tests.flow.crawling.rig import House

_JOBS = """
INSERT INTO jobs (id, kind, queue, state, created_at, started_at, finished_at)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'crawl', 'store', 'completed',
  old.at, old.at, old.at
FROM generate_series(1, $1::int) n, LATERAL (SELECT now() - interval '40 day' - n * interval '1 s' AS at) AS old
"""
_CRAWLS = """
INSERT INTO crawls (id, tenant, provider, dataset_id, platform, competitor, inputs, webhook_token, deadline)
SELECT id, 'default', 'bright_data', 'gd_1', 'p', 'c', jsonb_build_array(repeat('x', $1::int)), 'hook', now()
FROM jobs WHERE kind = 'crawl'
"""


async def fill(house: House, number: int, *, letters: int = 10) -> None:
    """So many crawls that ended long ago, each with an order of so many letters."""
    await house.sql(_JOBS, number)
    await house.sql(_CRAWLS, letters)


async def batches(house: House) -> list[int]:
    found = await house.context.warehouse.query("SELECT count(*) AS n FROM crawls GROUP BY load_id ORDER BY n DESC")
    return [row["n"] for row in found]


async def test_all_that_are_old_leave_in_bounded_batches(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 2)
    await fill(house, 5)

    assert await archived(house) == 5
    assert await batches(house) == [2, 2, 1]


async def test_what_was_ordered_weighs_too(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "MOST_BYTES", 25_000)
    await fill(house, 4, letters=10_000)

    assert await archived(house) == 4
    assert await batches(house) == [3, 1]


async def test_many_at_once_archive_each_crawl_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 2)
    await fill(house, 7)

    await asyncio.gather(*(archived(house) for _ in range(3)))
    await archived(house)

    assert sum(await batches(house)) == 7
    assert set((await left_behind(house)).values()) == {0}


async def test_the_clean_up_archives_crawls_with_their_jobs(house: House) -> None:
    await fill(house, 3)

    await clean_up.main.function.build(house.runtime)(asyncio.Event())

    asked = "SELECT c.crawl_id FROM crawls c JOIN job_history j ON j.job_id = c.crawl_id AND j.load_id = c.load_id"
    assert len(await house.context.warehouse.query(asked)) == 3
    assert await house.rows("SELECT job_id FROM leaving_jobs") == []


async def test_a_stop_that_was_asked_for_lets_none_leave(house: House) -> None:
    await fill(house, 3)
    stop = asyncio.Event()
    stop.set()
    runtime = house.runtime

    left = await archive_crawls(
        stop, database=runtime.database, lake=runtime.lake, warehouse=house.context.history, days=30
    )
    assert left == 0
    assert (await left_behind(house))["crawls"] == 3


MOST_READ = 2_000  # of 5,000 crawls, where each that leaves is read in each of its tables


class Departing(Spy):
    async def fetchval(self, sql: str, *args: object) -> bool:
        """Nobody else archives."""
        return True

    async def execute(self, sql: str, *args: object) -> int:
        self.said.append((sql, args))
        return 0


async def looked_at(house: House) -> int:
    """Rows that are read to find a batch."""
    spy: Any = Departing()
    await jobs_leave(spy, UUID(int=1), kinds=["crawl"], days=30, beside=BESIDE)
    sql, args = spy.said[-1]
    tables = {"jobs", "crawls", "polls"}
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in await nodes(house.runtime.database, sql, *args)
        if node.get("Relation Name") in tables
    )


async def test_a_batch_is_found_without_reading_all_crawls(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 100)
    await fill(house, 5_000)
    for table in ("jobs", "crawls"):
        await house.runtime.database.pool.execute(f"VACUUM ANALYZE {table}")

    assert await looked_at(house) <= MOST_READ


async def test_control_a_batch_without_its_index_is_noticed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archiving, "BATCH", 100)
    await fill(house, 5_000)
    await house.runtime.database.pool.execute("DROP INDEX jobs_ended")

    assert await looked_at(house) > MOST_READ
