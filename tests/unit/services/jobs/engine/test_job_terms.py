"""How often a job is tried: what it says, what the failure deserves, what the settings say."""

from random import Random
from typing import Any
from uuid import UUID

import pytest

from infra.runtime.configuration.settings import Settings
from schemas.problem import Problem, ProblemClass
from services.jobs.engine.terms import Terms, terms
from services.jobs.job import Job


class Passing(Problem):
    kind = ProblemClass.RETRY


class Thrice(Problem):
    kind = ProblemClass.DATA
    tries = 3


class Final(Problem):
    kind = ProblemClass.DATA


def job(**changes: Any) -> Job:
    given: dict[str, Any] = {
        "id": UUID(int=1),
        "tenant": "default",
        "kind": "k",
        "queue": "q",
        "state": "running",
        "attempt": 1,
        "tries": 0,
        "max_tries": None,
        "claims": 1,
        "lease_token": 1,
    }
    return Job(**given | changes)


def tried(problem: Problem, *, given: Terms | None = None, max_tries: int | None = None) -> int:
    """How often a job is tried that always fails so."""
    failures = 0
    while (given or Terms()).allows_another_try(job(tries=failures, max_tries=max_tries), problem):
        failures += 1
        assert failures < 1000
    return failures + 1


@pytest.mark.parametrize("retries", [0, 1, 2, 7, 100])
def test_a_job_is_tried_once_more_than_it_may_be_retried(retries: int) -> None:
    assert tried(Passing(), max_tries=retries + 1) == retries + 1


@pytest.mark.parametrize("retries", [0, 3, 9])
def test_where_the_job_says_nothing_the_settings_do(retries: int) -> None:
    given = terms(Settings(processing_max_retries=retries))

    assert tried(Passing(), given=given) == retries + 1
    assert tried(Passing(), given=given, max_tries=2) == 2


@pytest.mark.parametrize(("max_tries", "expected"), [(None, 3), (1, 1), (2, 2), (3, 3), (50, 3)])
def test_of_job_and_problem_the_stricter_wins(max_tries: int | None, expected: int) -> None:
    assert tried(Thrice(), max_tries=max_tries) == expected


def test_what_will_not_pass_is_not_tried_again_however_often_the_job_may() -> None:
    assert tried(Final(), max_tries=50) == 1


@pytest.mark.parametrize("problem", [Passing(), Thrice()])
def test_without_retries_in_the_background_the_first_failure_is_the_last(problem: Problem) -> None:
    assert tried(problem, given=terms(Settings(background_retry=False)), max_tries=9) == 1
    assert tried(problem, given=terms(Settings(background_retry=True)), max_tries=9) > 1


def test_the_settings_become_the_terms() -> None:
    given = terms(
        Settings(
            processing_max_retries=6,
            job_timeout=12,
            retry_base_seconds=3,
            retry_cap_seconds=99,
            processing_backoff_factor=4,
        )
    )

    assert given == Terms(
        max_tries=7, timeout_seconds=12, retry_base_seconds=3, retry_cap_seconds=99, backoff_factor=4, retries=True
    )


def test_pauses_grow_by_the_factor_up_to_the_cap() -> None:
    given = Terms(retry_base_seconds=1, retry_cap_seconds=50, backoff_factor=3)
    longest = [max(given.pause(job(tries=tries), Passing(), Random(seed)) for seed in range(500)) for tries in range(6)]

    assert longest == pytest.approx([1, 3, 9, 27, 50, 50], rel=0.03)


def test_what_was_asked_for_is_waited_for_even_beyond_the_cap() -> None:
    assert Terms(retry_cap_seconds=5).pause(job(), Passing(retry_after=600), Random(1)) >= 600
