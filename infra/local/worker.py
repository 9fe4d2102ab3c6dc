"""A worker process: functions and the clock, no faces. Any number may run, beside the stack or alone.

Run as a program it has its settings from the environment and ends when its standard input does: so it follows the
stack that started it, however that one ended.
"""

import asyncio
import sys
from collections.abc import Collection
from typing import ClassVar

import structlog
import uvloop

from infra.local.data_dir import prepare
from infra.local.signals import until_interrupted
from infra.postgres.server import made
from infra.runtime import garbage
from infra.runtime.configuration.profile import placed
from infra.runtime.configuration.settings import Settings, read_settings
from infra.runtime.functions.ending import leave
from infra.runtime.functions.serving import chosen, serving
from infra.runtime.runtime import open_runtime
from infra.runtime.telemetry import logging
from schemas.problem import Problem

log = structlog.get_logger()


class NothingYet(Problem):
    """Nobody ever ran the system on this data directory."""

    code: ClassVar[str] = "NOTHING_YET"
    title: ClassVar[str] = "There is nothing to work on yet"
    recovery: ClassVar[str] = (
        "Run `headrace up` (or `headrace migrate`) on this directory first, set HEADRACE_DATA_DIR to one that was used,"
        " or HEADRACE_DATABASE_URL to the database the jobs are in."
    )


async def work(settings: Settings, *, queues: Collection[str] = (), kinds: Collection[str] = ()) -> None:
    """Serve functions until cancelled.

    The schema is checked, not changed. Raises ``NothingToServe``, ``NothingYet``, ``DataDirRefused`` and what
    ``placed`` and ``open_runtime`` raise.
    """
    settings = placed(settings)
    names = chosen(queues=queues, kinds=kinds)
    if settings.database_url is None and not made(settings.data_dir):
        raise NothingYet(f"{settings.data_dir} holds no database")
    prepare(settings.data_dir)
    garbage.collect_seldom()
    async with open_runtime(settings) as runtime, serving(runtime, names):
        log.info("worker is up", name=runtime.name, functions=names)
        await asyncio.Event().wait()


async def follow(settings: Settings) -> None:
    """Serve all functions until standard input ends. Raises what ``work`` raises."""
    ended = asyncio.create_task(_input_ended())
    working = asyncio.create_task(work(settings))
    try:
        await asyncio.wait([ended, working], return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        ended.cancel()
        working.cancel()
        await asyncio.gather(ended, working, return_exceptions=True)
    leave()


async def _input_ended() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


def _main() -> None:
    settings = read_settings()
    logging.set_up(settings.log_level)
    try:
        uvloop.run(until_interrupted(follow(settings)))
    except Problem as problem:
        log.error("worker could not work", title=problem.title, detail=problem.detail, recovery=problem.recovery)  # noqa: TRY400  # expected
        sys.exit(1)


if __name__ == "__main__":
    _main()
