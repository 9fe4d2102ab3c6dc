"""``python -m infra.local.simulators.llm``: a simulator of its own process."""

import argparse
import asyncio
import signal
import sys

from infra.local.simulators.llm.app import serve


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="llm", description="Stands in for a model's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one; the address is printed")
    parser.add_argument("--script", nargs="+", default=["valid"], help="one word an answer, the last for all others")
    return parser.parse_args()


async def _run(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = await serve(given.host, given.port, script=given.script)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await stop.wait()
    await server.close()


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
