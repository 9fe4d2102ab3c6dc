"""One role of one program in a process of its own: ``work``, ``fill`` or ``pace``; its figures are what it prints."""

import argparse
import asyncio
import cProfile
import json
import signal
import time
from collections.abc import Awaitable, Iterable
from pathlib import Path

import uvloop

from tests.benchmarks.peers.program import Client, Notebook, Program
from tests.benchmarks.peers.programs import program
from tests.benchmarks.stores import cpu_seconds

TOGETHER = 100
CALLERS = 8
WARM_UP = 5


async def work(what: Program, address: str, notebook: Notebook) -> dict[str, float]:
    """Work until the process is told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await what.work(address, notebook.begin, stop)
    return {}


async def fill(what: Program, address: str, *, single: int, crowd: int, bulk: int, server: int) -> dict[str, float]:
    """Queue jobs in bulk, one by one, and by several callers at once.

    Returns jobs a second, a CPU second of this process, and one of the server too.
    """
    async with what.client(address) as client:
        await client.one(time.monotonic())
        await client.many([time.monotonic()])
        found = await _timed("bulk", bulk, server, _in_bulk(client, bulk))
        found |= await _timed("single", single, server, _one_by_one(client, range(single)))
    if crowd:
        async with what.client(address, callers=CALLERS) as client:
            found |= await _timed("crowd", crowd, server, _by_a_crowd(client, crowd))
    return found


async def _in_bulk(client: Client, count: int) -> None:
    for _ in range(count // TOGETHER):
        await client.many([time.monotonic()] * TOGETHER)


async def _one_by_one(client: Client, turns: Iterable[object]) -> None:
    for _ in turns:
        await client.one(time.monotonic())


async def _by_a_crowd(client: Client, count: int) -> None:
    turns = iter(range(count))
    await asyncio.gather(*(_one_by_one(client, turns) for _ in range(CALLERS)))


async def _timed(name: str, count: int, server: int, doing: Awaitable[None]) -> dict[str, float]:
    began, used, served = time.monotonic(), time.process_time(), cpu_seconds(server)
    await doing
    took, used, served = time.monotonic() - began, time.process_time() - used, cpu_seconds(server) - served
    if not count:
        return {}
    return {name: count / took, f"{name}_cpu": count / used, f"{name}_all_cpu": count / (used + served)}


async def pace(what: Program, address: str, *, count: int, every: float) -> dict[str, float]:
    """Queue jobs one by one at fixed moments."""
    async with what.client(address) as client:
        began = time.monotonic()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
            await client.one(time.monotonic())
    return {}


async def _play(what: Program, given: argparse.Namespace) -> dict[str, float]:
    match given.role:
        case "work":
            return await work(what, given.address, Notebook(given.notes))
        case "fill":
            amounts = {name: getattr(given, name) for name in ("single", "crowd", "bulk")}
            return await fill(what, given.address, **amounts, server=given.server)
        case _:
            return await pace(what, given.address, count=given.single, every=given.every)


def main() -> None:
    """Parse, play the role, print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("role", choices=["work", "fill", "pace"])
    parser.add_argument("address")
    parser.add_argument("--notes", type=Path)
    parser.add_argument("--single", type=int, default=0)
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--bulk", type=int, default=0)
    parser.add_argument("--server", type=int)
    parser.add_argument("--every", type=float, default=0.02)
    parser.add_argument("--profile", type=Path)
    given = parser.parse_args()
    what = program(given.program)
    profile = cProfile.Profile() if given.profile else None
    if profile:
        profile.enable()
    figures = uvloop.run(_play(what, given))
    if profile:
        profile.dump_stats(given.profile)
    print(json.dumps(figures))  # noqa: T201  # what the parent reads


main()
