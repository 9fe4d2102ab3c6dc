"""From a job in hand to a settled one: have it handled, and write down what became of it."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random
from typing import ClassVar
from uuid import UUID

import structlog
from msgspec import Struct, field
from msgspec.structs import replace

from infra.postgres.away import DatabaseAway
from infra.postgres.database import Database
from infra.runtime.telemetry import trace, tracing
from schemas.problem import Problem, ProblemClass
from services.jobs.engine.finisher import Finisher
from services.jobs.engine.settle import LeaseLost, fail, retry, settle
from services.jobs.engine.spans import at_work, note_end
from services.jobs.engine.terms import Terms
from services.jobs.job import Cancelled, Done, Job, Outcome, Snooze, Work

log = structlog.get_logger()

MAX_CLAIMS = 20  # a job that killed this many workers is not given to another
REST_SECONDS = 2.0  # before a job comes back whose handler could not do its work, for no fault of the job
PAUSES = (0.1, 0.3, 1.0, 3.0)  # what is done should not be done again only because PostgreSQL restarts


class UnknownKind(Problem):
    """No function works jobs of this kind on this queue."""

    code: ClassVar[str] = "UNKNOWN_KIND"
    title: ClassVar[str] = "No function works this kind of job"
    recovery: ClassVar[str] = "Deploy the function that works this kind, then retry the job."


class PoisonJob(Problem):
    """The job ended its worker again and again."""

    code: ClassVar[str] = "POISON_MESSAGE"
    title: ClassVar[str] = "The job ended every worker that took it"
    recovery: ClassVar[str] = "Look at the workers' logs around the times in the job's timeline, then retry it."


class JobTimedOut(Problem):
    """One claim of the job took longer than it may."""

    code: ClassVar[str] = "JOB_TIMEOUT"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    title: ClassVar[str] = "The job took too long"
    recovery: ClassVar[str] = (
        "Submit it again with a longer `timeout`, or raise JOB_TIMEOUT and retry it; its timeline says where it was."
    )


class Unexpected(Problem):
    """An error nobody foresaw."""

    code: ClassVar[str] = "INTERNAL"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    tries: ClassVar[int | None] = 3
    title: ClassVar[str] = "An unexpected error"
    recovery: ClassVar[str] = "Look at the log of this job; retry it when the cause is mended."


_SILENT = Unexpected("The handler said nothing of this job")


class Handling(Struct, frozen=True, kw_only=True):
    """How a worker's jobs are handled."""

    database: Database
    work: Mapping[str, Work]
    finisher: Finisher
    terms: Terms = field(default_factory=Terms)
    random: Random = field(default_factory=Random)

    def together(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """The jobs as their handlers take them: all of a kind at once, or each by itself."""
        groups: dict[object, list[Job]] = {}
        for job in jobs:
            work = self.work.get(job.kind)
            at_once = work is not None and work.run_many is not None and job.claims <= MAX_CLAIMS
            groups.setdefault(job.kind if at_once else job.id, []).append(job)
        return list(groups.values())

    async def handle(self, jobs: Sequence[Job]) -> None:
        """Handle and settle these in a task of their own; what cannot be settled is left to its lease."""
        if not tracing.on():
            trace.follow(jobs[0].traceparent if len(jobs) == 1 else None)
            await self._all_settled(jobs, await self._ended(jobs), {job.id: job.traceparent for job in jobs})
            return
        with at_work(jobs) as spans:
            ended = await self._ended(jobs)
            for job in jobs:
                note_end(spans[job.id], ended.get(job.id, _SILENT))
            await self._all_settled(jobs, ended, {job.id: spans[job.id].traceparent for job in jobs})

    async def _all_settled(
        self, jobs: Sequence[Job], ended: Mapping[UUID, Outcome | Problem], traces: Mapping[UUID, str | None]
    ) -> None:
        if len(jobs) == 1:
            await self._settled(jobs[0], ended.get(jobs[0].id, _SILENT))
        else:
            each = (self._settled_of_many(job, ended.get(job.id, _SILENT), traces[job.id]) for job in jobs)
            await asyncio.gather(*each)

    async def cancel(self, job: Job) -> None:
        """End a held job because somebody wished it. Raises ``LeaseLost``, ``DatabaseAway``."""
        work = self.work.get(job.kind)
        await settle(self.database, job, Cancelled(), announce=work is not None and work.announce)

    async def _ended(self, jobs: Sequence[Job]) -> Mapping[UUID, Outcome | Problem]:
        try:
            return await self._outcomes(jobs)
        except LeaseLost:
            # of a batch, one job was lost: the others rest, and what is written for that one is refused
            return {job.id: Snooze(seconds=REST_SECONDS) for job in jobs}
        except DatabaseAway as away:
            log.warning("job rests until the database is back", reason=away.detail)
            # rests cost no try: who asks why the job comes back again and again finds the reason with it
            return {job.id: Snooze(seconds=REST_SECONDS, reason=away.detail) for job in jobs}
        except Exception as error:  # noqa: BLE001  # everything else is told to whoever asks for the job
            problem = _problem(error)
            return {job.id: problem for job in jobs}

    async def _outcomes(self, jobs: Sequence[Job]) -> Mapping[UUID, Outcome | Problem]:
        work = self._work(jobs[0])
        seconds = max(job.timeout_seconds or work.timeout_seconds or self.terms.timeout_seconds for job in jobs)
        try:
            async with asyncio.timeout(seconds) as limit:
                if work.run_many is not None:
                    return await work.run_many(jobs)
                assert work.run is not None  # noqa: S101  # work is done one by one or together
                return {jobs[0].id: await work.run(jobs[0])}
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise JobTimedOut(f"It took longer than {seconds:g} s") from error

    def _work(self, job: Job) -> Work:
        if job.claims > MAX_CLAIMS:
            raise PoisonJob(f"{job.claims - 1} workers ended while they held it")
        if job.kind not in self.work:
            raise UnknownKind(f"Nothing works kind {job.kind!r} on queue {job.queue!r}")
        return self.work[job.kind]

    async def _settled_of_many(self, job: Job, ended: Outcome | Problem, traceparent: str | None) -> None:
        structlog.contextvars.bind_contextvars(job_id=str(job.id))  # a task's context is its own
        trace.follow(traceparent)
        await self._settled(job, ended)

    async def _settled(self, job: Job, ended: Outcome | Problem, *, hooks: bool = True) -> None:
        try:
            await self._persistently(job, ended, hooks=hooks)
        except LeaseLost:
            log.info("lease lost", queue=job.queue)
        except DatabaseAway:
            log.warning("job could not be settled: its lease runs out and somebody takes it again", exc_info=True)
        except Exception as error:
            if not isinstance(ended, Problem):
                await self._settled(job, _problem(error))
            elif hooks and job.claims > MAX_CLAIMS:
                log.exception("job fails without its context's hook, which raised once more", job_id=str(job.id))
                await self._settled(job, ended, hooks=False)
            else:
                log.exception("job could not be failed: its lease runs out and it is tried again", job_id=str(job.id))

    async def _persistently(self, job: Job, ended: Outcome | Problem, *, hooks: bool) -> None:
        for pause in PAUSES:
            try:
                return await self._write(job, ended, hooks=hooks)
            except DatabaseAway as away:
                log.warning("job not settled yet", reason=away.detail)
                await asyncio.sleep(pause)
        return await self._write(job, ended, hooks=hooks)

    async def _write(self, job: Job, ended: Outcome | Problem, *, hooks: bool) -> None:
        work = self.work.get(job.kind)
        announce = work is not None and work.announce
        if isinstance(ended, Done) and ended.also is None:
            await self.finisher.complete(job, ended.result, announce=announce)
        elif not isinstance(ended, Problem):
            await settle(self.database, job, ended, announce=announce)
        elif self.terms.allows_another_try(job, ended):
            await retry(self.database, job, ended, seconds=self.terms.pause(job, ended, self.random))
        else:
            await fail(self.database, job, ended, work=work if hooks or work is None else _without_hooks(work))


def _without_hooks(work: Work) -> Work:
    return replace(work, failed=None, stage=None)


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    log.error("unexpected error", exc_info=error)
    return Unexpected(f"{type(error).__name__}: {error}"[:500])
