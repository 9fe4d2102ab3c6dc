"""Memory is bounded: by no result's size, and by no number of waiting crawls."""

import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import quantiles
from uuid import UUID, uuid4

import aiohttp
import pytest
from aiohttp import web

from infra.postgres.database import Database
from services.crawling.order import Order
from services.crawling.store import crawls, polls
from services.jobs.job import NewJob
from services.jobs.store import queue
from tests.chaos.black_box import Headrace, Provider, page
from tests.chaos.evidence import looking_into
from tests.chaos.program import Program, until

MIB = 1 << 20
WHOLE_PROCESS = 256 * MIB
MORE_FOR_WAITING = 50 * MIB
PUNCTUAL_SECONDS = 5.0
ORDER = Order(dataset_id="gd_posts", platform="facebook", competitor="mill", url="https://www.facebook.com/mill")


@pytest.mark.parametrize(
    ("records", "line_bytes", "size"),
    [
        pytest.param(120_000, 600, 150_000_000, id="short"),
        pytest.param(800_000, 600, 1_000_000_000, id="long", marks=pytest.mark.slow),
        pytest.param(7_000, 150_000, 1_000_000_000, id="long lines", marks=pytest.mark.slow),
    ],
)
async def test_a_large_snapshot_is_stored_and_loaded_in_constant_memory(
    records: int,
    line_bytes: int,
    size: int,
    *,
    http: aiohttp.ClientSession,
    provider: Provider,
    headrace: Callable[..., Headrace],
) -> None:
    system = headrace(provider=provider.url, settings={"BACKGROUND_POLL_INTERVAL": 0.5})
    await system.start(http)
    idle = system.peak_bytes()
    sim = f"ready_after:0,records:{records},line_bytes:{line_bytes}"
    crawl = await system.order(http, page("mill", sim), warehouse="required")

    async def ended() -> bool:
        return (await system.status(http, crawl))["pipeline_status"] in {"completed", "failed"}

    await until("the snapshot is stored and loaded", ended, seconds=570, every=0.5)
    peak, status = system.peak_bytes(), await system.status(http, crawl)

    sold = (await provider.ledger(http))["snapshots"][0]
    figures = f"{sold['size_bytes'] / 1e6:.0f} MB in {status['background_processing']['time_elapsed']}"
    sys.stdout.write(f"\n{figures}: peak {peak / MIB:.0f} MiB, idle {idle / MIB:.0f} MiB\n")
    assert status["error"] is None
    assert status["result"]["sha256"] == sold["sha256"]
    assert sold["size_bytes"] >= size
    assert peak <= WHOLE_PROCESS


async def test_the_gauge_sees_memory_that_was_held_and_given_back(folder: Path) -> None:
    greedy = "held = b'x' * (300 << 20); del held; print('done', flush=True); __import__('time').sleep(60)"
    program = Program([sys.executable, "-c", greedy], log=folder / "greedy.log", environment={})
    program.launch()

    async def done() -> bool:
        return "done" in program.last_words()

    await until("it has held and let go", done, seconds=20)
    peak = program.peak_bytes()
    program.forget_peak()
    afterwards = program.peak_bytes()
    program.kill()

    assert peak > WHOLE_PROCESS > afterwards


class Endless:
    """A provider whose snapshots run for ever; ``gaps`` are the seconds between two polls of one."""

    def __init__(self) -> None:
        self.url = ""
        self.polls = 0
        self.gaps: list[float] = []
        self._asked: dict[str, float] = {}
        self.app = web.Application()
        self.app.router.add_get("/datasets/v3/progress/{id}", self._progress)

    async def _progress(self, request: web.Request) -> web.Response:
        now, snapshot = time.monotonic(), request.match_info["id"]
        self.polls += 1
        if (before := self._asked.get(snapshot)) is not None:
            self.gaps.append(now - before)
        self._asked[snapshot] = now
        return web.Response(text='{"status":"running"}', content_type="application/json")


@pytest.fixture
async def endless() -> AsyncIterator[Endless]:
    made = Endless()
    runner = web.AppRunner(made.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def let_wait(database: Database, count: int, *, interval: float) -> None:
    """Crawls that wait for their provider, as if each had been ordered at a moment of the last interval."""
    random = Random(count)
    for start in range(0, count, 500):
        async with database.transaction() as tx:
            for crawl_id in (uuid4() for _ in range(start, min(start + 500, count))):
                job = NewJob(id=crawl_id, kind="crawl", queue="poll", state="waiting", step="waiting")
                await queue.enqueue(tx, job)
                await crawls.insert(
                    tx, crawl_id, ORDER, tenant="default", webhook_token="none", deadline=timedelta(days=1)
                )
                await crawls.adopt(tx, crawl_id, snapshot_of(crawl_id))
                await polls.insert(
                    tx,
                    crawl_id,
                    provider="bright_data",
                    snapshot_id=snapshot_of(crawl_id),
                    seconds=random.uniform(0, interval),
                )


def snapshot_of(crawl_id: UUID) -> str:
    return f"sd_{crawl_id.hex}"


@pytest.mark.parametrize(
    ("waiting", "interval"),
    [pytest.param(2_000, 5.0, id="short"), pytest.param(20_000, 30.0, id="long", marks=pytest.mark.slow)],
)
async def test_waiting_crawls_cost_rows_and_hardly_any_memory(
    waiting: int,
    interval: float,
    *,
    http: aiohttp.ClientSession,
    endless: Endless,
    headrace: Callable[..., Headrace],
) -> None:
    settings = {
        "BACKGROUND_POLL_INTERVAL": interval,
        "HEADRACE_BRIGHT_DATA_REQUESTS_PER_SECOND": 5000,
        "HEADRACE_BRIGHT_DATA_IN_FLIGHT": 500,
    }
    system = headrace(provider=endless.url, settings=settings)
    await system.start(http)
    async with looking_into(system) as database:
        await let_wait(database, 200, interval=1.0)
        await until("the first are polled", at_least(endless, 200), seconds=60)
        before = system.held_bytes()
        system.forget_peak()
        await let_wait(database, waiting, interval=interval)
    endless.gaps.clear()
    await until("all are polled three times", at_least(endless, endless.polls + 3 * waiting), seconds=5 * interval + 60)

    more, cuts = system.peak_bytes() - before, quantiles((gap - interval for gap in endless.gaps), n=100)
    figures = f"{waiting} crawls: {more / MIB:+.1f} MiB on {before / MIB:.0f} MiB"
    sys.stdout.write(f"\n{figures}; lateness p50 {cuts[49]:.2f} s, p99 {cuts[98]:.2f} s of {interval:g} s\n")
    assert more <= MORE_FOR_WAITING
    assert cuts[98] <= PUNCTUAL_SECONDS


def at_least(endless: Endless, polls_seen: int) -> Callable[[], Awaitable[bool]]:
    async def seen() -> bool:
        return endless.polls >= polls_seen

    return seen
