"""Functions at work in a process: started together, stopped together."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import ClassVar

import structlog

from infra.runtime.functions import topology
from infra.runtime.runtime import Runtime
from schemas.problem import Problem

log = structlog.get_logger()

STOP_SECONDS = 2.0  # what a function gets to stop; a whole process takes at most 8 s
CANCEL_SECONDS = 1.0  # what it gets then: a thread of Google's clients cannot be stopped, and may wait half a minute


class NothingToServe(Problem):
    """No function works such a queue or kind."""

    code: ClassVar[str] = "NOTHING_TO_SERVE"
    title: ClassVar[str] = "No function works this"
    recovery: ClassVar[str] = (
        "Choose among the queues and kinds named here, or leave the choice out to serve everything."
    )


def chosen(*, queues: Collection[str] = (), kinds: Collection[str] = ()) -> list[str]:
    """The names of the functions of these queues and kinds; without a choice all there are, those of the clock too.

    Raises ``NothingToServe`` for a queue or kind that no function works.
    """
    triggers = topology.generated()["functions"]
    _known("queue", queues, {one["queue"] for one in triggers.values() if "queue" in one})
    _known("kind", kinds, {one["kind"] for one in triggers.values() if "kind" in one})
    if not queues and not kinds:
        return sorted(triggers)
    return sorted(name for name, one in triggers.items() if one.get("queue") in queues or one.get("kind") in kinds)


@asynccontextmanager
async def serving(runtime: Runtime, names: Collection[str]) -> AsyncIterator[None]:
    """These functions, at work inside the block; after it what they hold is given back."""
    stop = asyncio.Event()
    functions = {name: topology.function(name) for name in names}  # all are there, or none begins
    tasks = [asyncio.create_task(function.serve(runtime, stop), name=name) for name, function in functions.items()]
    try:
        yield
    finally:
        stop.set()
        runtime.doorbell.rouse()
        if tasks:
            await _ended(tasks)


async def _ended(tasks: Collection[asyncio.Task[None]]) -> None:
    _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
    for task in late:
        log.warning("function did not stop in time", function=task.get_name())
        task.cancel()
    if late:
        _, deaf = await asyncio.wait(late, timeout=CANCEL_SECONDS)
        for task in deaf:
            log.warning("function is left behind: a call of its does not end", function=task.get_name())
    await asyncio.gather(*(task for task in tasks if task.done()), return_exceptions=True)


def _known(what: str, asked: Collection[str], there: Collection[str]) -> None:
    if unknown := sorted(set(asked) - set(there)):
        raise NothingToServe(f"{what} {', '.join(unknown)} is none of {', '.join(sorted(there))}")
