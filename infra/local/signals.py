"""How a command ends: told by a signal, it cleans up; told twice, it is gone."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from infra.runtime.functions.ending import leave


async def until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    """Run the work; SIGINT or SIGTERM cancels it, so that it cleans up, and a second one ends the process at once."""
    task, told = asyncio.ensure_future(work), False
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        nonlocal told
        told = task.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        await task
    except asyncio.CancelledError:
        if not told:
            raise
    if told:
        leave()
