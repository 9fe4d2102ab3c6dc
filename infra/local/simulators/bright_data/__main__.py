"""``python -m infra.local.simulators.bright_data``: a simulator of its own process."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from infra.local.simulators.bright_data.app import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bright_data", description="Stands in for the paid service.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--state-file", type=Path, help="journal of purchases, read again at the next start")
    parser.add_argument("--sim", default="", help="what every snapshot does, e.g. ready_after:0.2,records:100")
    parser.add_argument("--token", help="the only bearer accepted; any will do without it")
    parser.add_argument("--running-limit", type=int, help="unfinished snapshots a dataset may have")
    return parser.parse_args()


async def _run(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(
        given.host,
        given.port,
        state_file=given.state_file,
        sim=given.sim,
        token=given.token,
        running_limit=given.running_limit,
    )
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
