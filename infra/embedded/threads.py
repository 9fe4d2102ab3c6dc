"""Blocking work beside the event loop, on files that must not be closed under it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run blocking work in a thread; a cancellation is raised when the work has ended, never before.

    Raises what the work raises.
    """
    return await stoppable(lambda: work(*args, **kwargs), stop=lambda: None)


async def stoppable(work: Callable[[], T], *, stop: Callable[[], object], pool: Executor | None = None) -> T:
    """Like ``in_thread``; ``stop`` is called on a cancellation and makes the work end soon.

    Without a ``pool`` of its own it shares asyncio's threads with files and look-ups of hosts.
    """
    # A future of the executor, not a task: asyncio.run cancels tasks at its end, while their threads run on.
    running = asyncio.get_running_loop().run_in_executor(pool, work)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError as error:
            cancelled = error
            stop()
    if cancelled is None:
        return running.result()
    running.exception()  # seen: the cancellation is what the caller asked for
    raise cancelled
