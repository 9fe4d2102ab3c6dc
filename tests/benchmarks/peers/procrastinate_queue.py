"""procrastinate with its asynchronous connector."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import DeleteJobCondition
from procrastinate.tasks import Task

from tests.benchmarks.peers.program import Begin, Busy, asking

SMALLEST = 4  # connections, as by default
UNFINISHED = "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"


@dataclass(frozen=True)
class ProcrastinateClient:
    """The task's own calls."""

    task: "Task[Any, Any, Any]"

    async def one(self, moment: float) -> None:
        await self.task.defer_async(moment=moment)

    async def many(self, moments: Sequence[float]) -> None:
        await self.task.batch_defer_async(*[{"moment": moment} for moment in moments])  # type: ignore[arg-type]  # their JSON is invariant


@dataclass(frozen=True)
class Procrastinate:
    """Works ``concurrency`` jobs at once; it takes them one by one."""

    concurrency: int

    async def prepare(self, address: str) -> None:
        async with _app(address).open_async() as app:
            await app.schema_manager.apply_schema_async()

    @asynccontextmanager
    async def client(self, address: str, *, callers: int = 1) -> AsyncIterator[ProcrastinateClient]:
        async with _app(address, connections=max(SMALLEST, callers)).open_async() as app:
            yield ProcrastinateClient(_task(app, lambda _: None))

    async def work(self, address: str, begin: Begin, stop: asyncio.Event) -> None:
        async with _app(address).open_async() as app:
            _task(app, begin)
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=self.concurrency,
                    delete_jobs=DeleteJobCondition.NEVER,
                    install_signal_handlers=False,
                )
            )
            await asyncio.wait([working, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)

    def watch(self, address: str) -> AbstractAsyncContextManager[Busy]:
        return asking(address, UNFINISHED)


def _app(address: str, *, connections: int = SMALLEST) -> App:
    return App(connector=PsycopgConnector(conninfo=address, min_size=connections, max_size=connections))


def _task(app: App, begin: Begin) -> "Task[Any, Any, Any]":
    @app.task(name="noop")
    async def noop(moment: float) -> None:
        begin(moment)

    return noop
