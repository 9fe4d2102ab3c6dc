"""A provider that refuses everybody: it is left alone before it blocks us, and nothing is lost meanwhile."""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from infra.local.simulators.bright_data import create_app
from infra.local.simulators.bright_data.calls import SIMULATOR
from infra.local.simulators.bright_data.ledger import BLOCK_AFTER
from tests.chaos.black_box import Headrace, page
from tests.chaos.evidence import looking_into
from tests.chaos.program import until

CRAWLS = 200
TOO_MANY, UNAUTHORIZED = 429, 401
SECONDS_AWAY = 0.3  # between a request and its answer: what is under way when a storm begins is refused as well
SETTINGS = {"BACKGROUND_POLL_INTERVAL": 1, "BACKGROUND_MAX_POLLS": 10_000, "HEADRACE_LEASE_SECONDS": 3}

_AGE = """UPDATE provider_health SET open_until = open_until - interval '5 min',
  refusals = array(SELECT t - interval '5 min' FROM unnest(refusals) AS t);
UPDATE jobs SET due_at = due_at - interval '5 min' WHERE state = 'scheduled'"""
_WAITING = "SELECT count(*) FROM jobs WHERE state = 'scheduled'"
_TOLD = "SELECT data FROM events WHERE type = 'crawl.failed'"
_RESTING = "SELECT count(*) FROM provider_health WHERE open_until > now() + interval '1 min'"


class Weather:
    """What a provider far away answers: while it is ``refusing``, that status to everything, and it counts."""

    def __init__(self, folder: Path) -> None:
        self.refusing = 0
        self.seconds_away = SECONDS_AWAY
        self.calls = 0
        self.app = create_app(state_file=folder / "provider.jsonl")
        self.ledger = self.app[SIMULATOR].ledger
        self.app.middlewares.insert(0, self._answer)
        self.url = ""

    def clear_up(self) -> None:
        """The storm is over, and every snapshot is ready and near."""
        self.refusing, self.seconds_away = 0, 0.0
        for bought in self.ledger.snapshots:
            self.ledger.script("ready_after:0", snapshot_id=bought, dataset_id=None, times=1)

    @web.middleware
    async def _answer(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.calls += 1
        refusing = self.refusing
        if refusing == TOO_MANY:
            self.ledger.refuse(str(request.remote), time.time())
        await asyncio.sleep(self.seconds_away)
        return web.Response(status=refusing, headers={"Retry-After": "1"}) if refusing else await handler(request)


@pytest.fixture
async def weather(folder: Path) -> AsyncIterator[Weather]:
    made = Weather(folder)
    runner = web.AppRunner(made.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


async def let_wait(http: aiohttp.ClientSession, system: Headrace) -> None:
    """Start the system and order, until every crawl is polled again and again."""
    await system.start(http)
    orders = [system.order(http, page(f"mill.{n}", "ready_after:never,records:3")) for n in range(CRAWLS)]
    await asyncio.gather(*orders)

    async def polled() -> bool:
        crawls = await system.crawls(http, status="active")
        return len(crawls) == CRAWLS and all(c["background_processing"]["poll_count"] for c in crawls)

    await until("every crawl was polled", polled, seconds=60, every=0.5)


@pytest.mark.parametrize(
    "wait", [pytest.param(False, id="short"), pytest.param(True, id="long", marks=pytest.mark.slow)]
)
async def test_a_storm_of_refusals_over_200_waiting_crawls_costs_neither_the_address_nor_a_crawl(
    wait: bool,  # noqa: FBT001  # a parameter of the test
    *,
    http: aiohttp.ClientSession,
    weather: Weather,
    headrace: Callable[..., Headrace],
) -> None:
    system = headrace(provider=weather.url, settings=SETTINGS)
    await let_wait(http, system)
    weather.refusing = TOO_MANY
    async with looking_into(system) as database, database.reading() as tx:
        await until("the circuit opens", lambda: tx.fetchval(_RESTING), seconds=30)
        calls = weather.calls
        await asyncio.sleep(200 if wait else 3)  # so long it rages on, and is left alone
        assert weather.calls - calls <= (25 if wait else 20)
        weather.clear_up()
        if not wait:
            system.kill()
            await tx.execute(_AGE)
            await system.start(http)

        async def ended() -> bool:
            return not await system.crawls(http, status="active")

        await until("every crawl has ended", ended, seconds=400, every=0.5)

    refused = weather.ledger.too_many_requests
    sys.stdout.write(f"\n{refused} refusals, {weather.calls} calls\n")
    assert Counter(crawl["pipeline_status"] for crawl in await system.crawls(http)) == {"completed": CRAWLS}
    assert refused < BLOCK_AFTER
    assert weather.ledger.blocked() == []
    assert len(weather.ledger.snapshots) == CRAWLS


@pytest.mark.slow
async def test_with_more_requests_in_flight_the_same_storm_costs_the_address(
    http: aiohttp.ClientSession, weather: Weather, headrace: Callable[..., Headrace]
) -> None:
    reckless = {"HEADRACE_BRIGHT_DATA_IN_FLIGHT": 200, "HEADRACE_BRIGHT_DATA_REQUESTS_PER_SECOND": 1000}
    await let_wait(http, headrace(provider=weather.url, settings=SETTINGS | reckless))

    async def blocked() -> bool:
        return bool(weather.ledger.blocked())

    weather.refusing = TOO_MANY
    await until("the address is blocked", blocked, seconds=10)


async def test_refused_credentials_end_the_crawl_that_met_them_and_hold_the_others_back(
    http: aiohttp.ClientSession, weather: Weather, headrace: Callable[..., Headrace]
) -> None:
    weather.refusing = UNAUTHORIZED
    system = headrace(provider=weather.url, settings=SETTINGS)
    await system.start(http)
    refused = await system.order(http, page("mill.1", "ready_after:0"))
    held_back = await system.order(http, page("mill.2", "ready_after:0"))

    async with looking_into(system) as database, database.reading() as tx:
        await until("the other crawl waits", lambda: tx.fetchval(_WAITING), seconds=10)
        told = await tx.fetch(_TOLD)
        calls = weather.calls
        system.kill()
        weather.clear_up()
        await tx.execute(_AGE)
        await system.start(http)

        async def completed() -> bool:
            return bool((await system.status(http, held_back))["pipeline_status"] == "completed")

        await until("the other crawl completes", completed, seconds=30)

    assert [(one["data"]["crawl_id"], one["data"]["code"], one["data"]["stage"]) for one in told] == [
        (refused, "PROVIDER_AUTH", "trigger")
    ]
    assert "Check BRIGHT_DATA_API_TOKEN" in told[0]["data"]["recovery"]
    assert calls == 1
