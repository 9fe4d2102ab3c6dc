"""Functions that work a queue."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import structlog
from msgspec import Struct

from infra.postgres.away import DatabaseAway
from infra.runtime.configuration.settings import Settings
from infra.runtime.functions.function import doorbell
from infra.runtime.runtime import Runtime
from services.jobs.engine import finished
from services.jobs.engine.terms import terms
from services.jobs.engine.worker import Worker
from services.jobs.job import Work
from services.jobs.watching.roster import roster

if TYPE_CHECKING:
    from pydantic import BaseModel

log = structlog.get_logger()


def _as_set(settings: Settings) -> int:
    return settings.processing_max_concurrent_jobs


class Working(Struct, frozen=True):
    """Works jobs of one kind on one queue.

    Where it ``accepts`` a payload, jobs of the kind may come from outside; with ``browser`` it is deployed with one.
    """

    build: Callable[[Runtime], Work]
    queue: str
    kind: str
    concurrency: Callable[[Settings], int]
    accepts: "Callable[[], type[BaseModel]] | None" = None
    browser: bool = False

    @property
    def trigger(self) -> Mapping[str, Any]:
        """For the topology."""
        also = {"accepts": self.accepts is not None, "browser": self.browser}
        told = {name: True for name, is_so in also.items() if is_so}
        return {"queue": self.queue, "kind": self.kind, **told, "doorbells": [doorbell(self.queue)]}

    async def serve(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """Work the queue whenever its bell rings, and look now and then in case it did not."""
        finished.be_ready()
        worker = self.worker(runtime)
        async with runtime.once(roster).working(worker):
            while not stop.is_set():
                await self._drain(worker, stop)
                await runtime.doorbell.wait(self.queue, timeout=runtime.settings.processing_poll_interval)

    @property
    def rung_by(self) -> tuple[str, ...]:
        """See ``Rung``."""
        return (self.queue,)

    async def work(self, runtime: Runtime, stop: asyncio.Event) -> None:
        """See ``Rung.work``; what is held when ``stop`` is set is given back. Raises ``DatabaseAway``."""
        worker = self.worker(runtime)
        async with runtime.once(roster).working(worker):
            await worker.drain(stop)

    async def _drain(self, worker: Worker, stop: asyncio.Event) -> None:
        try:
            await worker.drain(stop)
        except DatabaseAway as away:
            log.warning("queue could not be worked", queue=self.queue, reason=away.detail)
        except Exception:
            log.exception("queue could not be worked", queue=self.queue)

    def worker(self, runtime: Runtime) -> Worker:
        """A worker of this process."""
        settings = runtime.settings
        return Worker(
            database=runtime.database,
            queue=self.queue,
            work={self.kind: self.build(runtime)},
            name=runtime.name,
            concurrency=self.concurrency(settings),
            batch_size=settings.processing_batch_size,
            lease_seconds=settings.lease_seconds,
            terms=terms(settings),
            bell=runtime.doorbell.bell(self.queue),
        )


def works(
    *,
    queue: str,
    kind: str,
    concurrency: Callable[[Settings], int] = _as_set,
    accepts: "Callable[[], type[BaseModel]] | None" = None,
    browser: bool = False,
) -> Callable[[Callable[[Runtime], Work]], Working]:
    """A function that a queue's doorbell sets off. It builds its work from the runtime."""
    return lambda build: Working(build, queue, kind, concurrency, accepts, browser)
