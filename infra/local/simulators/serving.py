"""A simulator's web application on a port, in this event loop or in a process of its own."""

import asyncio
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Awaitable
from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True)
class Server:
    """A running simulator."""

    url: str
    runner: web.AppRunner

    async def close(self) -> None:
        """Stop; connections still open are cut."""
        await self.runner.cleanup()


async def started(app: web.Application, host: str, port: int) -> Server:
    """The application, listening; port 0 takes a free one."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return Server(f"http://{host}:{runner.addresses[0][1]}", runner)


def arguments(name: str, description: str) -> ArgumentParser:
    """What every simulator's command line takes."""
    parser = ArgumentParser(prog=name, description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    return parser


def run(serving: Awaitable[Server]) -> None:
    """Print the address and serve until the process is told to end."""
    asyncio.run(_until_told(serving))


async def _until_told(serving: Awaitable[Server]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serving
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()
