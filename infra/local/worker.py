"""A worker process: functions and the clock, no faces. Any number may run, beside the stack or alone."""

import asyncio
from collections.abc import Collection

import structlog

from infra.local.data_dir import prepare
from infra.runtime.runtime import open_runtime
from infra.runtime.serving import chosen, serving
from infra.runtime.settings import Settings

log = structlog.get_logger()


async def work(settings: Settings, *, queues: Collection[str] = (), kinds: Collection[str] = ()) -> None:
    """Serve functions until cancelled.

    Raises ``NothingToServe``, ``DataDirRefused`` and what ``open_runtime`` raises; the schema is checked, not changed.
    """
    names = chosen(queues=queues, kinds=kinds)
    prepare(settings.data_dir)
    async with open_runtime(settings) as runtime, serving(runtime, names):
        log.info("worker is up", name=runtime.name, functions=names)
        await asyncio.Event().wait()
