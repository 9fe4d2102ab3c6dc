"""``headrace demo``: three crawls, a file and a page, over real HTTP, and the proof of what they left."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp

from infra.local import demo_intake as intake
from infra.local import demo_proofs as prove
from infra.local.data_dir import prepare
from infra.local.demo_client import Client, DemoFailed, Watched
from infra.local.demo_view import Screen
from infra.local.stack import PortTaken, Stack, running
from infra.runtime.configuration.settings import Settings
from infra.runtime.telemetry import logging

PATIENCE = 90.0  # seconds for everything; alone on a machine it takes eight
LOOK_SECONDS = 0.1
# So that everything can be watched; what the user set stands. The polls keep their usual interval: a webhook is earlier
# than the next one however slow the machine is.
PACE = {"retry_base_seconds": 0.5, "bright_data_batch_size": 1000}
# Nothing is bought, whatever the environment holds, and the stand-in reaches us under our own address.
STAND_IN = {
    "bright_data_api_url": None,
    "bright_data_api_token": None,
    "firecrawl_api_url": None,
    "firecrawl_api_key": None,
    "openai_base_url": None,
    "openai_api_key": None,
    "public_url": None,
}
# What is to be seen happens, whatever is switched off or limited elsewhere.
SHOWN = {
    "polling_enabled": True,
    "background_polling": True,
    "background_retry": True,
    "rate_limit": 0.0,
    "auth": "off",
    "max_workers": 1,  # three crawls need no second process
}


@dataclass(frozen=True)
class Sample:
    """A crawl of the demo; ``sim`` tells the stand-in how to behave."""

    competitor: str
    story: str
    sim: str

    @property
    def order(self) -> dict[str, Any]:
        """The body of its trigger."""
        url = f"https://www.facebook.com/{self.competitor}?sim={quote(self.sim, safe=':,.=@')}"
        return {"dataset_id": "gd_demo", "platform": "facebook", "competitor": self.competitor, "url": url}


AT_ONCE = Sample("north-mill", "ready at once", "ready_after:0,records:1200")
SLOW = Sample("old-harbour", "takes four seconds; a webhook tells when it is done", "ready_after:4,records:3600")
CUT = Sample(
    "river-works",
    "its first download is cut in the middle",
    "ready_after:1,records:2400,fault:close_cut=0.5@1",
)


async def demo(settings: Settings, screen: Screen, *, stay: bool) -> None:
    """Run the demo; with ``stay`` the system stays up after it. Raises ``DemoFailed`` and what the stack raises."""
    prepare(settings.data_dir)
    logging.set_up(settings.log_level, file=settings.data_dir / "headrace.log")
    changes = {name: value for name, value in PACE.items() if name not in settings.given}
    settings = settings.but(**changes, **STAND_IN, **SHOWN)
    async with AsyncExitStack() as exits:
        settings, shop = await exits.enter_async_context(intake.bakery(settings))
        stack = await exits.enter_async_context(_started(settings, screen))
        client = Client(await exits.enter_async_context(aiohttp.ClientSession()), stack.url)
        _opening(screen, stack, settings)
        try:
            async with asyncio.timeout(PATIENCE):
                await _show(client, stack, screen, settings, shop)
        except TimeoutError as error:
            raise DemoFailed(f"It did not end within {PATIENCE:.0f} s") from error
        if stay:
            screen.say(f"\nHeadrace stays up; try the API at {stack.url}/docs. Ctrl-C stops it.")
            await asyncio.Event().wait()


@asynccontextmanager
async def _started(settings: Settings, screen: Screen) -> AsyncIterator[Stack]:
    async with AsyncExitStack() as exits:
        try:
            stack = await exits.enter_async_context(running(settings))
        except PortTaken:
            screen.say(f"Port {settings.port} is taken, so a free one is used.")
            stack = await exits.enter_async_context(running(settings.but(port=0)))
        yield stack


def _opening(screen: Screen, stack: Stack, settings: Settings) -> None:
    screen.say("Headrace runs on this machine only; a simulator stands in for Bright Data, so nothing is bought.")
    log = settings.data_dir / "headrace.log"
    screen.pairs({"API": f"{stack.url}/docs", "data": str(settings.data_dir), "log": str(log)})
    screen.title("Three crawls, a file and a page")
    screen.pairs({sample.competitor: sample.story for sample in (AT_ONCE, SLOW, CUT)})
    screen.say()


async def _show(client: Client, stack: Stack, screen: Screen, settings: Settings, shop: str) -> None:
    began = time.monotonic()
    crawls = {sample: await _triggered(client, sample) for sample in (AT_ONCE, SLOW, CUT)}
    taken = await intake.ordered(client, settings, shop)
    await _watch(client, screen, crawls.values(), poll_interval=settings.poll_interval)
    simulator = Client(client.http, stack.addresses["Bright Data (simulator)"])
    await prove.kept_apart(simulator, screen, slow=crawls[SLOW], cut=crawls[CUT])
    told = await prove.events(client, screen, crawls.values())
    await prove.objects(client, screen, crawls.values(), told)
    await prove.rows(client, stack.runtime, screen, crawls.values())
    await intake.taken_in(client, screen, taken)
    screen.say(f"\nEverything is as it should be, after {time.monotonic() - began:.1f} s.")


async def _triggered(client: Client, sample: Sample) -> Watched:
    answer = await client.trigger(sample.order)
    return Watched(sample.competitor, answer["crawl_id"])


async def _watch(client: Client, screen: Screen, crawls: Collection[Watched], *, poll_interval: float) -> None:
    with screen.progress() as update:
        while not all(crawl.ended for crawl in crawls):
            for crawl in crawls:
                if not crawl.ended:
                    status = await client.ask(f"/api/v1/crawl/{crawl.crawl_id}/status")
                    crawl.see(status, poll_interval=poll_interval)
                    update(crawl)
            await asyncio.sleep(LOOK_SECONDS)
    for crawl in crawls:
        if error := crawl.status["error"]:
            raise DemoFailed(f"{crawl.name}: {error['code']} {error['message']}. {error['recovery']}")
