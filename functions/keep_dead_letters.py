"""Keep what the bus gave up by itself, so that it is listed and can be replayed."""

import asyncio

from infra.runtime.functions.deployed import deployed
from infra.runtime.functions.function import Turn, ticks
from infra.runtime.runtime import Runtime


@deployed
@ticks(every=60.0)
def main(runtime: Runtime) -> Turn:
    """Messages that no reader acknowledged in, rows out."""

    async def turn(stop: asyncio.Event) -> None:
        await runtime.bus.keep_dead_letters(stop)

    return turn
