"""On which terms jobs are tried: how often, how long, and how soon again."""

from random import Random

from msgspec import Struct

from infra.runtime.configuration.settings import Settings
from schemas.problem import Problem
from services.jobs.engine.backoff import backoff
from services.jobs.job import Job


class Terms(Struct, frozen=True, kw_only=True):
    """What holds where neither the job nor its kind says otherwise."""

    max_tries: int = 4
    timeout_seconds: float = 300.0
    retry_base_seconds: float = 2.0
    retry_cap_seconds: float = 60.0
    backoff_factor: float = 1.5
    retries: bool = True

    def allows_another_try(self, job: Job, problem: Problem) -> bool:
        """Whether a failure is tried again by itself: as often as the job allows, or else the settings.

        A problem that deserves fewer tries gets fewer: one that nobody foresaw gets three.
        """
        if not self.retries or not problem.retryable:
            return False
        allowed = self.max_tries if job.max_tries is None else job.max_tries
        return job.tries + 1 < (allowed if problem.tries is None else min(allowed, problem.tries))

    def pause(self, job: Job, problem: Problem, random: Random) -> float:
        """Seconds until the next try."""
        return backoff(
            problem,
            tries=job.tries,
            base=self.retry_base_seconds,
            cap=self.retry_cap_seconds,
            factor=self.backoff_factor,
            random=random,
        )


def terms(settings: Settings) -> Terms:
    """The terms of the settings."""
    return Terms(
        max_tries=settings.processing_max_retries + 1,
        timeout_seconds=settings.job_timeout,
        retry_base_seconds=settings.retry_base_seconds,
        retry_cap_seconds=settings.retry_cap_seconds,
        backoff_factor=settings.processing_backoff_factor,
        retries=settings.background_retry,
    )
