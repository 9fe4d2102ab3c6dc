"""What a poll's answer means: wait on, fetch the result, or give up."""

from datetime import timedelta
from random import Random
from typing import ClassVar

from msgspec import Struct

from schemas.problem import Problem, ProblemClass
from services.crawling.policy import Policy
from services.crawling.ports import Progress
from services.crawling.provider_problems import ResultExpired
from services.crawling.store.polls import Due, Note
from services.jobs.engine.backoff import backoff

NEW_SNAPSHOT_SECONDS = 60.0  # a snapshot may be unknown to the provider's own status for this long
MAX_MISSES = 20  # with backoff capped at a minute: a quarter of an hour without an answer
WATCH_SECONDS = 900.0
WATCH_FOR = timedelta(days=30)  # no provider keeps a result longer


class PollingTimeout(Problem):
    """The provider was asked as often as agreed and is not done."""

    code: ClassVar[str] = "DEADLINE_EXCEEDED"
    stage: ClassVar[str] = "polling_timeout"
    title: ClassVar[str] = "Polling timeout"
    recovery: ClassVar[str] = (
        "Check the provider's dashboard; when status says ready_for_download, use download, else retry-background."
    )


class ProviderStalled(Problem):
    """The provider reports no headway any more."""

    code: ClassVar[str] = "PROVIDER_STALLED"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    tries: ClassVar[int | None] = 1  # it was waited for long enough
    stage: ClassVar[str] = "polling_timeout"
    title: ClassVar[str] = "The provider made no headway for too long"
    recovery: ClassVar[str] = "Check the provider's dashboard; retry-background waits for the same snapshot again."


class ProviderJobFailed(Problem):
    """The provider ended the job without a result."""

    code: ClassVar[str] = "PROVIDER_JOB_FAILED"
    stage: ClassVar[str] = "provider"
    title: ClassVar[str] = "The provider's job failed"
    recovery: ClassVar[str] = "Read the provider's message, correct the inputs; retry-background orders it again."


class Ready(Struct, frozen=True, kw_only=True):
    """The result can be fetched."""

    progress: Progress


class Over(Struct, frozen=True, kw_only=True):
    """Waiting has no sense any more."""

    problem: Problem
    status: str = ""


Verdict = Note | Ready | Over


def judge(due: Due, progress: Progress, *, policy: Policy) -> Verdict:
    """What an answer means."""
    if progress.state == "ready":
        return Ready(progress=progress)
    if progress.state == "failed":
        return Over(problem=ProviderJobFailed(progress.message or progress.status), status=progress.status)
    if (late := _too_late(due, progress, policy)) is not None:
        return Over(problem=late, status=progress.status)
    seconds = WATCH_SECONDS if due.watching else (progress.retry_after or policy.poll_interval)
    return Note(
        due=due, seconds=seconds, answered=1, status=progress.status, marker=progress.marker, agreed=progress.agreed
    )


def _too_late(due: Due, progress: Progress, policy: Policy) -> Problem | None:
    waited = due.asked_at - due.started_at
    if due.watching:
        return ResultExpired(f"Never ready in {WATCH_FOR.days} days") if waited > WATCH_FOR else None
    if due.answered + 1 >= policy.max_polls:
        minutes = round(waited.total_seconds() / 60)
        return PollingTimeout(f"Polling timeout after {due.answered + 1} polls ({minutes} minutes)")
    if waited > policy.deadline:
        return PollingTimeout(f"Not done after {waited}")
    still = (due.asked_at - due.moved_at).total_seconds()
    if progress.marker == due.marker and still > policy.stall:
        return ProviderStalled(f"{progress.status!r} without headway for {round(still)} s")
    return None


def judge_problem(due: Due, problem: Problem, *, policy: Policy, random: Random) -> Verdict:
    """What it means that no answer came, or a refusal."""
    waited = due.asked_at - due.started_at
    if problem.code == "PROVIDER_JOB_FAILED" and waited.total_seconds() < NEW_SNAPSHOT_SECONDS:
        return Note(due=due, seconds=min(policy.poll_interval, 5.0), missed=1)
    refused = problem.code == "PROVIDER_RATE_LIMITED" or problem.retry_after is not None
    given_up = not due.watching and not refused and due.misses + 1 >= MAX_MISSES
    if given_up or not problem.retryable or waited > (WATCH_FOR if due.watching else policy.deadline):
        return Over(problem=problem)
    base, cap = policy.retry_base, policy.retry_cap
    seconds = backoff(problem, tries=due.misses, base=base, cap=cap, factor=2.0, random=random)
    return Note(due=due, seconds=seconds, missed=0 if refused else 1)
