"""Google's blocking client in threads, its errors as problems.

Import this module inside functions only: Google's client takes long to load.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, TypeVar

from google.api_core.exceptions import Conflict
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from infra.gcp.bigquery.failures import as_problems, of_job, passing
from infra.gcp.lines import keep
from infra.gcp.threads import Threads
from schemas.load_source import WarehouseRejected, WarehouseUnavailable
from schemas.problem import Problem

T = TypeVar("T")

CALL_SECONDS = 20.0  # for one request, with its repetitions
JOB_SECONDS = 480.0  # a function lives at most nine minutes; whoever comes next waits for the same job
QUESTION_SECONDS = 60.0
MOST_ROWS = 100_000  # of an answer: it is held in memory
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class Connection:
    """A line to BigQuery. ``emulator`` is an address as ``http://host:port``; ``threads`` are the caller's."""

    def __init__(self, project: str, emulator: str | None, threads: Threads) -> None:
        self._threads = threads
        if emulator is None:
            with as_problems():
                self.client = bigquery.Client(project)
        else:
            options = {"api_endpoint": emulator.rstrip("/")}
            self.client = bigquery.Client(project, AnonymousCredentials(), client_options=options)  # type: ignore[no-untyped-call]
        with as_problems():
            keep(self.client)

    async def call(self, work: Callable[..., T], *args: Any, **more: Any) -> T:
        """What a method of the client answers, or its problem; it must take ``retry`` and ``timeout``."""
        limited = partial(work, *args, retry=_retry(), timeout=CALL_SECONDS, **more)
        return await self._threads.run(lambda: _told(limited))

    async def run_once(self, job_id: str, start: Callable[..., Any], *, location: str | None) -> Any:
        """The job of this id, done; ``start`` takes an id and starts it unless somebody did before.

        A job that failed is followed by another, at most one a call. Raises what made that one fail, and
        ``WarehouseUnavailable`` while the job still runs after ``JOB_SECONDS``.
        """
        for number in count():
            name = f"{job_id}_r{number}" if number else job_id
            job, mine = await self._joined(name, start, location)
            await self._ended(job)
            if job.error_result is None:
                return job
            if mine:
                raise of_job(job.error_result)
        raise AssertionError  # for mypy: count() never ends

    async def statement(self, sql: str, config: bigquery.QueryJobConfig) -> list[dict[str, Any]]:
        """Run SQL and return its rows; a cancellation stops it. It may run again, so it must do no harm twice.

        Raises ``WarehouseRejected`` for an answer of more than ``MOST_ROWS``.
        """
        config.job_timeout_ms = int(QUESTION_SECONDS * 1000)
        until, pause = time.monotonic() + CALL_SECONDS, _FIRST_PAUSE
        while True:
            try:
                return await self._answer(sql, config)
            except Problem as problem:
                if not _may_pass(problem) or time.monotonic() + pause > until:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _answer(self, sql: str, config: bigquery.QueryJobConfig) -> list[dict[str, Any]]:
        # the client's own retry of a job goes on for ten minutes, also where nobody answers
        job = await self.call(self.client.query, sql, job_config=config, job_retry=None)
        told = partial(_told, partial(_rows, job))
        return await self._threads.stoppable(told, stop=lambda: self._threads.begin(partial(_cancel, job)))

    async def _joined(self, name: str, start: Callable[..., Any], location: str | None) -> tuple[Any, bool]:
        def begin(**limits: Any) -> Any:
            with contextlib.suppress(Conflict):
                return start(name, **limits)
            return None

        job = await self.call(begin)
        if job is not None:
            return job, True
        return await self.call(self.client.get_job, name, location=location), False

    async def _ended(self, job: Any) -> None:
        pause, waited = _FIRST_PAUSE, 0.0
        while job.state != "DONE":
            if waited >= JOB_SECONDS:
                raise WarehouseUnavailable(f"Job {job.job_id} still runs after {JOB_SECONDS:g} s.")
            await asyncio.sleep(pause)
            waited, pause = waited + pause, min(pause * 2, _LONGEST_PAUSE)
            await self.call(job.reload)


def _retry() -> Any:
    return Retry(predicate=passing, initial=_FIRST_PAUSE, maximum=_LONGEST_PAUSE, timeout=CALL_SECONDS)


def _may_pass(problem: Problem) -> bool:
    return isinstance(problem.__cause__, Exception) and passing(problem.__cause__)


def _told(work: Callable[[], T]) -> T:
    with as_problems():
        return work()


def _rows(job: Any) -> list[dict[str, Any]]:
    # its own retry of a request goes on for ten minutes
    found = job.result(retry=_retry(), timeout=QUESTION_SECONDS)
    if (found.total_rows or 0) > MOST_ROWS:
        raise WarehouseRejected(f"The answer has {found.total_rows} rows, at most {MOST_ROWS} are given: ask for less.")
    return [dict(row.items()) for row in found]


def _cancel(job: Any) -> None:
    with contextlib.suppress(Exception):  # it ends by its own time limit then
        job.cancel(retry=None, timeout=CALL_SECONDS)
