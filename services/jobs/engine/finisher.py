"""Completes jobs together: while one statement is under way, the next jobs gather for the one after it."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.telemetry import trace
from services.jobs.engine.finished import finished
from services.jobs.engine.settle import LeaseLost
from services.jobs.job import Job
from services.jobs.store import endings
from services.jobs.store.endings import Ending
from services.jobs.store.held import Lease

MOST = 200  # endings in one statement

_Waiting = tuple[Ending, "asyncio.Future[None]"]


@dataclass
class Finisher:
    """One a worker. ``ending`` are the leases of jobs whose work is done and whose end is not committed yet."""

    database: Database
    done: Callable[[], None] = lambda: None  # called when a job's work is done
    ending: set[Lease] = field(default_factory=set)
    _waiting: list[_Waiting] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None

    async def complete(self, job: Job, result: dict[str, Any], *, announce: bool) -> None:
        """Commit a held job's result, and ``job.finished`` where it is announced.

        Raises ``LeaseLost``, ``DatabaseAway`` and what PostgreSQL says of a result it cannot keep.
        """
        event = finished(job, "completed", result=result) if announce else None
        settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((Ending(job, result, event, trace.current()), settled))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), context=Context())  # of all their traces, none
        lease = job.id, job.lease_token
        self.ending.add(lease)
        self.done()
        try:
            await settled
        finally:
            self.ending.discard(lease)

    async def written(self, *, seconds: float) -> None:
        """Wait, ``seconds`` at most, until no end of what is done is on its way any more."""
        if self._writing is not None:
            await asyncio.wait([self._writing], timeout=seconds)

    async def _write(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._commit(together)
            except DatabaseAway as away:
                _refuse(together, away)
            except Exception as error:  # noqa: BLE001  # told to those who wait
                await self._apart(together, error)

    async def _apart(self, together: Sequence[_Waiting], error: Exception) -> None:
        """One result that cannot be kept must not fail its neighbours."""
        if len(together) == 1:
            return _refuse(together, error)
        for one in together:
            try:
                await self._commit([one])
            except Exception as own:  # noqa: BLE001  # see above
                _refuse([one], own)
        return None

    async def _commit(self, together: Sequence[_Waiting]) -> None:
        async with self.database.statement() as tx:
            written = await endings.complete_many(tx, [ending for ending, _ in together])
        for ending, settled in together:
            if settled.done():  # whoever waited was interrupted
                continue
            if ending.job.id in written:
                settled.set_result(None)
            else:
                settled.set_exception(LeaseLost())


def _refuse(together: Sequence[_Waiting], error: Exception) -> None:
    for _, settled in together:
        if not settled.done():
            settled.set_exception(error)
