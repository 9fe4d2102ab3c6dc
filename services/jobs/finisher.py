"""Completes jobs together: while one transaction is under way, the next jobs gather for the one after it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from services.jobs.finished import finished
from services.jobs.job import Job
from services.jobs.settle import LeaseLost
from services.jobs.store import held

MOST = 200


@dataclass(frozen=True)
class _Ending:
    job: Job
    result: dict[str, Any]
    announce: bool
    settled: asyncio.Future[None]


@dataclass
class Finisher:
    """One a worker."""

    database: Database
    _waiting: list[_Ending] = field(default_factory=list)
    _writing: asyncio.Task[None] | None = None

    async def complete(self, job: Job, result: dict[str, Any], *, announce: bool) -> None:
        """Commit a held job's result, and ``job.finished`` where it is announced.

        Raises ``LeaseLost``, ``DatabaseAway`` and what PostgreSQL says of a result it cannot keep.
        """
        ending = _Ending(job, result, announce, asyncio.get_running_loop().create_future())
        self._waiting.append(ending)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await ending.settled

    async def _write(self) -> None:
        while self._waiting:
            endings, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                await self._commit(endings)
            except DatabaseAway as away:
                _all(endings, away)
            except Exception as error:  # noqa: BLE001  # told to those who wait
                await self._apart(endings, error)

    async def _apart(self, endings: Sequence[_Ending], error: Exception) -> None:
        """One result that cannot be kept must not fail its neighbours."""
        if len(endings) == 1:
            return _all(endings, error)
        for ending in endings:
            try:
                await self._commit([ending])
            except Exception as own:  # noqa: BLE001  # see above
                _all([ending], own)
        return None

    async def _commit(self, endings: Sequence[_Ending]) -> None:
        async with self.database.transaction() as tx:
            done = await held.complete_many(tx, [(ending.job, ending.result) for ending in endings])
            for ending in endings:
                if ending.announce and ending.job.id in done:
                    await tx.record(finished(ending.job, "completed", result=ending.result), tenant=ending.job.tenant)
        for ending in endings:
            if ending.job.id in done:
                _settle(ending, None)
            else:
                _settle(ending, LeaseLost())


def _all(endings: Sequence[_Ending], error: Exception) -> None:
    for ending in endings:
        _settle(ending, error)


def _settle(ending: _Ending, error: Exception | None) -> None:
    if ending.settled.done():  # whoever waited was interrupted
        return
    if error is None:
        ending.settled.set_result(None)
    else:
        ending.settled.set_exception(error)
