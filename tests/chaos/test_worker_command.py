"""`headrace worker`: any number of processes beside a system or without one, each of no harm to the others."""

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import web

from infra.postgres.database import Database
from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.chaos.black_box import Headrace, Provider, page
from tests.chaos.evidence import gather, violations
from tests.chaos.program import Program, until
from tests.chaos.siege import SWIFT

HEADRACE = Path(sys.executable).with_name("headrace")
MOST_SECONDS = 8.0
CRAWLS = 12


@pytest.fixture
def worker(folder: Path) -> Iterator[Callable[..., Program]]:
    """Starts workers on the test's folder; whatever is left of them at the end is killed."""
    made: list[Program] = []

    def start(*options: str, **settings: str) -> Program:
        environment = {"HEADRACE_DATA_DIR": str(folder / "data"), **settings}
        log = folder / f"worker-{len(made)}.log"
        made.append(Program([str(HEADRACE), "worker", *options], log=log, environment=environment))
        made[-1].launch()
        return made[-1]

    yield start
    for one in made:
        one.kill()


async def drills(database: Database, count: int, kind: str = "drill", **payload: Any) -> None:
    jobs = [NewJob(id=uuid4(), kind=kind, queue=kind, payload=payload) for _ in range(count)]
    async with database.transaction() as tx:
        await queue.enqueue_many(tx, jobs)


async def up(worker: Program) -> None:
    async def said() -> bool:
        return "worker is up" in worker.last_words()

    await until("a worker is up", said, seconds=30)


async def states(database: Database) -> Counter[str]:
    rows = await database.pool.fetch("SELECT state, count(*) AS n FROM jobs GROUP BY state")
    return Counter({row["state"]: row["n"] for row in rows})


async def test_a_worker_alone_works_jobs_and_gives_back_what_it_holds(
    worker: Callable[..., Program], database: Database, database_dsn: str
) -> None:
    alone = worker("--kind", "drill", HEADRACE_DATABASE_URL=database_dsn)
    await drills(database, 20)
    await drills(database, 3, seconds=600)

    async def at_work() -> bool:
        return await states(database) == {"completed": 20, "running": 3}

    await until("it works", at_work, seconds=40)
    started = time.monotonic()
    alone.tell(signal.SIGTERM)

    assert await alone.ended(seconds=30) == 0
    assert time.monotonic() - started <= MOST_SECONDS
    assert await states(database) == {"completed": 20, "ready": 3}
    assert await database.pool.fetchval("SELECT max(tries) FROM jobs") == 0


async def test_a_worker_serves_only_what_it_is_told_to(
    worker: Callable[..., Program], database: Database, database_dsn: str
) -> None:
    other = worker("--queue", "load", HEADRACE_DATABASE_URL=database_dsn)
    await up(other)
    await drills(database, 1)
    await asyncio.sleep(1)

    assert await states(database) == {"ready": 1}
    assert '"functions": ["load_warehouse"]' in other.last_words()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--queue", "nothing"), "queue nothing is none of"),
        (("--kind", "nothing"), "kind nothing is none of"),
        ((), "headrace migrate"),
    ],
)
async def test_a_worker_that_cannot_work_says_what_helps(
    worker: Callable[..., Program], options: tuple[str, ...], said: str
) -> None:
    program = worker(*options)

    assert await program.ended(seconds=40) == 1
    assert said in program.last_words()
    assert "Traceback" not in program.last_words()


async def test_a_worker_of_another_lake_is_refused(
    worker: Callable[..., Program], database: Database, database_dsn: str
) -> None:
    await database.pool.execute("UPDATE instance SET lake_id = 'another'")

    program = worker(HEADRACE_DATABASE_URL=database_dsn)

    assert await program.ended(seconds=40) == 1
    assert "HEADRACE_DATA_DIR" in program.last_words()


async def test_many_processes_do_together_what_one_does(
    http: aiohttp.ClientSession,
    provider: Provider,
    headrace: Callable[..., Headrace],
    worker: Callable[..., Program],
) -> None:
    """Each sweeps, polls and pushes; nothing is bought, asked or told more often for that."""
    settings = {**SWIFT, "MAX_WORKERS": "1", "BACKGROUND_POLL_INTERVAL": "1"}
    system = headrace(provider=provider.url, settings=settings)
    await system.start(http)
    pushed: Counter[str] = Counter()
    receiver, address = await receiving(pushed)
    subscription = {"topic": "data.ingestion.completed", "push_url": address}
    async with http.post(f"{system.url}/api/v1/events/subscriptions", json=subscription) as answer:
        assert answer.status == 201, await answer.text()
    others = [worker(BRIGHT_DATA_API_URL=provider.url, **{k: str(v) for k, v in settings.items()}) for _ in range(3)]
    await asyncio.gather(*map(up, others))

    orders = [system.order(http, page(f"mill.{n}", "ready_after:3,records:20")) for n in range(CRAWLS)]
    crawls = await asyncio.gather(*orders)

    async def all_told() -> bool:
        return len(pushed) == CRAWLS

    await until("all are told", all_told, seconds=60)
    seen = await gather(
        http, headrace=system, provider=provider, accepted={str(n): one for n, one in enumerate(crawls)}
    )
    polls = (await provider.ledger(http))["calls"]["progress"]
    await receiver.cleanup()

    sys.stdout.write(f"\n{CRAWLS} crawls, {polls} polls by 4 processes\n")
    assert violations(seen) == []
    assert {crawl["pipeline_status"] for crawl in seen.crawls} == {"completed"}
    assert polls <= CRAWLS * 6  # ready after 3 s, asked each second
    assert set(pushed.values()) == {1}
    started = time.monotonic()
    for one in others:
        one.tell(signal.SIGTERM)
    assert [await one.ended(seconds=30) for one in others] == [0, 0, 0]
    assert time.monotonic() - started <= MOST_SECONDS


async def receiving(pushed: Counter[str]) -> tuple[web.AppRunner, str]:
    """An endpoint that counts the pushes of each event."""

    async def take(request: web.Request) -> web.Response:
        pushed[request.headers["ce-id"]] += 1
        json.loads(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"
