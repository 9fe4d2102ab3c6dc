"""Settle a held job: its change of state and its handler's writes commit together, or the lease was lost."""

from typing import TYPE_CHECKING

import structlog

from infra.postgres.database import Database, Transaction
from schemas.problem import Problem
from services.jobs.engine.finished import finished
from services.jobs.job import Cancelled, Done, Job, Outcome, Paused, Resume, Snooze, Waiting, Work
from services.jobs.store import commands, held

if TYPE_CHECKING:
    from schemas.events.job_finished import JobFinished

log = structlog.get_logger()


class LeaseLost(Exception):
    """Somebody else holds the job now, or it was cancelled: this worker must not write."""


async def settle(database: Database, job: Job, outcome: Outcome, *, announce: bool = False) -> None:
    """Commit what became of a held job, together with what its handler wants written.

    With ``announce`` an end is told as ``job.finished``. Raises ``LeaseLost``, and writes nothing, if the job is not
    held any more.
    """
    async with database.transaction() as tx:
        fenced(await _moved(tx, job, outcome))
        if announce and (end := _end(job, outcome)) is not None:
            await tx.record(end, tenant=job.tenant)
        also = getattr(outcome, "also", None)
        if also is not None:
            await also(tx)


async def _moved(tx: Transaction, job: Job, outcome: Outcome) -> bool:
    match outcome:
        case Done(result=result):
            return await held.complete(tx, job, result)
        case Waiting(queue=queue, step=step):
            return await held.wait(tx, job, queue=queue, step=step)
        case Snooze(seconds=seconds, step=step, reason=reason):
            return await held.snooze(tx, job, seconds=seconds, step=step, reason=reason)
        case Resume():
            return await held.give_back(tx, job)
        case Cancelled():
            return await held.cancel(tx, job)
        case Paused():
            return await _aside(tx, job)


def _end(job: Job, outcome: Outcome) -> "JobFinished | None":
    match outcome:
        case Done(result=result):
            return finished(job, "completed", result=result)
        case Cancelled():
            return finished(job, "cancelled")
        case _:
            return None


async def put_aside(database: Database, job: Job) -> None:
    """A held job is paused, as somebody wished, or given back if nobody does any more. Raises ``LeaseLost``."""
    async with database.transaction() as tx:
        fenced(await _aside(tx, job))


async def _aside(tx: Transaction, job: Job) -> bool:
    return await commands.put_aside(tx, job) or await held.give_back(tx, job)


async def retry(database: Database, job: Job, problem: Problem, *, seconds: float) -> None:
    """A held job failed and gets another try after ``seconds``. Raises ``LeaseLost``."""
    async with database.transaction() as tx:
        fenced(await held.retry(tx, job, problem, seconds=seconds))
    log.warning("job will be retried", code=problem.code, detail=problem.detail, seconds=round(seconds, 3))


async def fail(database: Database, job: Job, problem: Problem, *, work: Work | None) -> None:
    """A held job fails for good, and its context says so in the same transaction. Raises ``LeaseLost``."""
    async with database.transaction() as tx:
        stage = work.stage(job, problem) if work is not None and work.stage is not None else job.step
        fenced(await held.fail(tx, job, problem, stage=stage))
        if work is not None and work.failed is not None:
            await work.failed(tx, job, problem)
        if work is not None and work.announce:
            await tx.record(finished(job, "failed", problem=problem), tenant=job.tenant)
    log.error("job failed", code=problem.code, detail=problem.detail)


def fenced(written: bool) -> None:  # noqa: FBT001  # the answer of a fenced write
    """Raise ``LeaseLost`` if a fenced write touched nothing."""
    if not written:
        raise LeaseLost


async def hold(tx: Transaction, job: Job, *, progress: float, step: str, cursor: dict[str, object]) -> None:
    """Keep how far a held job is. Raises ``LeaseLost`` if it is not held any more."""
    fenced(await held.checkpoint(tx, job, cursor, progress=progress, step=step))
