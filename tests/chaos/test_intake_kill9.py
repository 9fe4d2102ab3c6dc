"""kill -9 of whoever imports, captures and crawls: each file one dataset, each page told once, and nothing left."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, cast

import aiohttp
import psutil
import pytest

from infra.embedded.lake import Lake
from infra.embedded.warehouse import Warehouse
from infra.postgres.database import Database
from schemas.tables import warehouse_tables
from tests.chaos.black_box import Headrace
from tests.chaos.crew import SWIFT, Crew
from tests.chaos.intake_customers import capture_all, upload_all
from tests.chaos.program import alive, until
from tests.chaos.watched_site import PAGES, watched_site

SEED = int(os.environ.get("CHAOS_SEED", "20261122"))
NOWHERE = "http://127.0.0.1:9"
_LEFT = """SELECT count(*) FROM jobs WHERE state IN ('ready', 'running', 'waiting', 'paused')
  OR state = 'scheduled' AND due_at < now() + interval '1 hour'"""
_ENDS = "SELECT id::text AS id, kind, state, error_code, result, payload FROM jobs"


@pytest.mark.parametrize(
    ("files", "captures", "strikes"),
    [pytest.param(30, 3, 4, id="short"), pytest.param(120, 12, 20, id="long", marks=pytest.mark.slow)],
)
async def test_what_comes_in_is_taken_in_once_whoever_is_killed(
    files: int,
    captures: int,
    strikes: int,
    *,
    http: aiohttp.ClientSession,
    headrace: Callable[..., Headrace],
    database: Database,
    database_dsn: str,
    folder: Path,
) -> None:
    random, rooms = Random(SEED), folder / "rooms"
    rooms.mkdir()
    sent = [_file(number % (files * 2 // 3)) for number in range(files)]
    async with watched_site(database) as site:
        settings = {
            **SWIFT,
            "HEADRACE_DATABASE_URL": database_dsn,
            "HEADRACE_EGRESS_ALLOW": site.host,
            "TMPDIR": rooms,
        }
        crew = Crew(headrace(provider=NOWHERE, settings=settings), random, hands=2, settings=settings)
        try:
            await crew.start(http)
            crawl_id = await crew.system.order(http, f"{site.url}/", provider="website", options={"delay": "0.2"})
            uploaded, captured, _ = await asyncio.gather(
                upload_all(http, crew.system.url, sent, random, seconds=strikes * 1.5),
                capture_all(http, crew.system.url, [f"{site.url}/shop/{number}" for number in range(captures)]),
                crew.endure(strikes, seconds=4.0),
            )
            await crew.recovered(http)
            await until("nothing is left to do", lambda: _idle(database), seconds=150, every=0.3)
            crawl = await crew.system.status(http, crawl_id)
            seen = await _result_urls(http, crew.system, crawl_id)
            await _end(crew)
        finally:
            crew.kill()

    jobs = {row["id"]: row for row in await database.pool.fetch(_ENDS)}
    sys.stdout.write(f"\nseed {SEED}: {dict(Counter(row['kind'] for row in jobs.values()))}, {dict(crew.struck)}\n")
    assert [(one["kind"], one["error_code"]) for one in jobs.values() if one["state"] != "completed"] == []
    await _each_page_is_kept([jobs[one]["result"] for one in captured], crew.system)
    assert crawl["pipeline_status"] == "completed"
    assert len(seen) == len(set(seen)) == crawl["result"]["row_count"] == PAGES
    assert site.again == []
    await _each_file_is_one_dataset(uploaded, jobs, database)
    await _no_row_is_there_twice(crew.system, crawl_id, database)
    assert [path.name for path in rooms.iterdir()] == []
    assert _running_below(rooms) == []


def _file(number: int) -> bytes:
    return "".join(["name,amount\n", *(f"row {row} of {number},{row}\n" for row in range(200 + number))]).encode()


async def _idle(database: Database) -> bool:
    return not await database.pool.fetchval(_LEFT)


async def _end(crew: Crew) -> None:
    for one in (*crew.hands, crew.system):
        psutil.Process(one.pid).terminate()
    for one in (*crew.hands, crew.system):
        assert await one.ended(seconds=30) == 0, one.last_words()


async def _result_urls(http: aiohttp.ClientSession, system: Headrace, crawl_id: str) -> list[str]:
    async with http.get(f"{system.url}/api/v1/crawl/{crawl_id}/result") as answer:
        assert answer.status == 200, await answer.text()
        return [json.loads(line)["url"] for line in (await answer.text()).splitlines()]


async def _each_page_is_kept(results: Sequence[Mapping[str, Any]], system: Headrace) -> None:
    lake = Lake(system.data / "lake")
    for result in results:
        for what, name in result["objects"].items():
            stored = await lake.stat(name)
            assert stored is not None
            assert stored.sha256 == result["sha256"][what]


async def _each_file_is_one_dataset(
    uploaded: Sequence[tuple[str, bytes]], jobs: Mapping[str, Any], database: Database
) -> None:
    rows = await database.pool.fetch("SELECT id::text AS id, job_id::text AS job_id, sha256, row_count FROM datasets")
    made = {row["id"]: row for row in rows}
    assert len(made) == len({content for _, content in uploaded})
    for job_id, content in uploaded:
        assert made[jobs[job_id]["result"]["dataset_id"]]["row_count"] == content.count(b"\n") - 1
    for one in (job for job in jobs.values() if job["kind"] == "import"):
        dataset = made[one["result"]["dataset_id"]]
        assert dataset["sha256"] == one["payload"]["sha256"]
        first = dataset["job_id"] == one["id"]
        assert one["result"].get("duplicate_of") == (None if first else dataset["id"])


async def _no_row_is_there_twice(system: Headrace, crawl_id: str, database: Database) -> None:
    tables = cast("Mapping[str, Sequence[Mapping[str, str]]]", warehouse_tables())
    warehouse = Warehouse(system.data / "warehouse", Lake(system.data / "lake"), tables)
    count = 'count(*) AS "all", count(DISTINCT row_no) AS different'
    crawled = await warehouse.query(f"SELECT crawl_id, {count} FROM records GROUP BY crawl_id")
    imported = await warehouse.query(f"SELECT dataset_id, {count} FROM dataset_rows GROUP BY dataset_id")
    kept = await database.pool.fetch("SELECT id::text AS id, row_count FROM datasets")
    assert [dict(row) for row in crawled] == [{"crawl_id": crawl_id, "all": PAGES, "different": PAGES}]
    found = {row["dataset_id"]: (row["all"], row["different"]) for row in imported}
    assert found == {row["id"]: (row["row_count"], row["row_count"]) for row in kept}


def _running_below(rooms: Path) -> list[str]:
    """Processes that have anything to do with the rooms."""
    found = []
    for process in psutil.process_iter():
        try:
            if alive(process) and any(str(rooms) in word for word in process.cmdline()):
                found.append(process.name())
        except psutil.Error:
            continue
    return found


async def test_control_the_site_notes_who_asks_for_a_page_that_was_told(
    http: aiohttp.ClientSession, database: Database
) -> None:
    async with watched_site(database) as site:
        await _tell(database, f"{site.url}/1")
        for path in ("/1", "/2"):
            async with http.get(f"{site.url}{path}") as answer:
                assert answer.status == 200

    assert site.again == ["/1"]


async def _tell(database: Database, url: str) -> None:
    await database.pool.execute(
        "WITH site AS (INSERT INTO sites (id, correlation, tenant, wishes, hosts)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), 'default', '{}', '{}') RETURNING id)"
        " INSERT INTO site_pages (site_id, key, url, host, place, depth, state)"
        " SELECT id, 'k', $1, 'h', 'p', 0, 'told' FROM site",
        url,
    )
