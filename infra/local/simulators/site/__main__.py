"""``python -m infra.local.simulators.site``: the site in a process of its own."""

import argparse
import asyncio
import signal
import sys

from infra.local.simulators.site.app import serve


async def _run(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(given.host, given.port, faults=given.faults)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="site", description="A small website to capture and to crawl.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--faults", action="store_true", help="misbehave below /faults/")
    asyncio.run(_run(parser.parse_args()))
