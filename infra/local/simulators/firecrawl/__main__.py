"""``python -m infra.local.simulators.firecrawl``: a simulator of its own process."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from infra.local.simulators.firecrawl.app import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="firecrawl", description="Stands in for the paid service.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--state-file", type=Path, help="journal of purchases, read again at the next start")
    parser.add_argument("--sim", default="", help="what every job does, e.g. ready_after:0.2,documents:100")
    parser.add_argument("--token", help="the only bearer accepted; any will do without it")
    parser.add_argument("--secret", help="signs webhooks; without it they come unsigned")
    return parser.parse_args()


async def _run(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(**vars(given))
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
