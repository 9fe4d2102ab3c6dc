"""SIGTERM and Ctrl-C: out within eight seconds whatever is under way, nothing left behind, nothing lost."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import psutil
import pytest

from tests.chaos.black_box import Headrace, Provider, page
from tests.chaos.evidence import events, gather, violations
from tests.chaos.program import until
from tests.chaos.siege import SWIFT

MOST_SECONDS = 8.0  # two less than Cloud Run gives
AT_ONCE = 2.0  # its exit code tells that nothing was cleaned up; this, that nothing was waited for
BUSY = (
    "records:3000,fault:drip=2000@1",
    "records:400,fault:drip=200@1",
    "fault:trigger.hang=5@1",
    "ready_after:6,records:50",
)


@asynccontextmanager
async def under_way(http: aiohttp.ClientSession, system: Headrace) -> AsyncIterator[list[str]]:
    """Orders, downloads and a stream of events, all under way; yields the crawls."""
    async with AsyncExitStack() as open_ones:
        stream = await open_ones.enter_async_context(http.get(f"{system.url}/api/v1/events/stream"))
        assert stream.status == 200
        orders = [system.order(http, page(f"mill.{n}", f"ready_after:0,{sim}")) for n, sim in enumerate(BUSY)]
        crawls = await asyncio.gather(*orders)

        async def busy() -> bool:
            seen = [(await system.status(http, one))["pipeline_status"] for one in crawls]
            return seen[:3] == ["downloading", "downloading", "submitting"]

        await until("downloads and an order are under way", busy, seconds=20)
        yield crawls


def family(system: Headrace) -> list[psutil.Process]:
    """Everything the system runs."""
    leader, postmaster = psutil.Process(system.pid), system.postgres()
    assert postmaster is not None
    return [leader, *leader.children(recursive=True), postmaster, *postmaster.children(recursive=True)]


def survivors(processes: list[psutil.Process]) -> list[str]:
    return [str(one) for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_a_told_system_leaves_in_time_without_a_trace_and_goes_on_later(
    number: signal.Signals, *, http: aiohttp.ClientSession, provider: Provider, headrace: Callable[..., Headrace]
) -> None:
    system = headrace(provider=provider.url, settings=SWIFT)
    await system.start(http)
    async with under_way(http, system) as crawls:
        processes, told = family(system), await events(http, system)
        assert len(survivors(processes)) == len(processes) > 2
        started = time.monotonic()
        system.tell(number)
        code = await system.ended(seconds=30)
        took = time.monotonic() - started
    left = survivors(processes)

    await system.start(http)
    told_again = await events(http, system)
    accepted = {str(number): one for number, one in enumerate(crawls)}
    seen = await gather(http, headrace=system, provider=provider, accepted=accepted)

    sys.stdout.write(f"\n{number.name}: gone after {took:.1f} s\n")
    assert took <= MOST_SECONDS
    assert code == 0
    assert left == []
    assert len(told) >= 3
    assert told_again[: len(told)] == told
    assert violations(seen) == []
    assert {crawl["pipeline_status"] for crawl in seen.crawls} == {"completed"}


async def test_a_second_signal_ends_the_process_at_once(
    http: aiohttp.ClientSession, provider: Provider, headrace: Callable[..., Headrace]
) -> None:
    system = headrace(provider=provider.url, settings=SWIFT)
    await system.start(http)
    async with under_way(http, system):
        os.kill(system.pid, signal.SIGTERM)
        await until("it stops", lambda: _says(system, "Stopping"), seconds=5)
        started = time.monotonic()
        os.kill(system.pid, signal.SIGTERM)
        code = await system.ended(seconds=30)

    assert time.monotonic() - started <= AT_ONCE
    assert code == -signal.SIGTERM


async def test_a_signal_while_it_starts_leaves_nothing_behind(
    http: aiohttp.ClientSession, provider: Provider, headrace: Callable[..., Headrace]
) -> None:
    system = headrace(provider=provider.url, settings=SWIFT)
    system.launch()

    async def database_is_up() -> list[psutil.Process]:
        return family(system) if system.postgres() is not None else []

    processes = await until("its PostgreSQL starts", database_is_up, seconds=30, every=0.001)
    started = time.monotonic()
    system.tell(signal.SIGTERM)
    code = await system.ended(seconds=30)

    assert time.monotonic() - started <= MOST_SECONDS
    assert code == 0
    assert survivors(processes) == []
    assert system.postgres() is None


async def _says(system: Headrace, words: str) -> bool:
    return words in system.last_words()
