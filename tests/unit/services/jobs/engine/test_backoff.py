"""How long a job waits before another try."""

from random import Random

import pytest

from schemas.problem import Problem, ProblemClass
from services.jobs.engine.backoff import backoff


class Passing(Problem):
    kind = ProblemClass.RETRY


def seconds(*, tries: int, retry_after: float | None = None, base: float = 2.0, cap: float = 60.0) -> list[float]:
    problem = Passing(retry_after=retry_after)
    return [backoff(problem, tries=tries, base=base, cap=cap, factor=2.0, random=Random(seed)) for seed in range(1000)]


@pytest.mark.parametrize(("tries", "longest"), [(0, 2.0), (1, 4.0), (4, 32.0), (5, 60.0), (29, 60.0)])
def test_the_jitter_is_full_below_a_growing_ceiling(tries: int, longest: float) -> None:
    waits = seconds(tries=tries)

    assert min(waits) >= 0
    assert min(waits) < longest * 0.05
    assert longest * 0.95 < max(waits) <= longest


def test_a_crowd_is_spread_evenly() -> None:
    waits = seconds(tries=10)

    assert 28 < sum(waits) / len(waits) < 32


def test_any_number_of_tries_stays_below_the_cap() -> None:
    assert max(seconds(tries=100_000)) <= 60


@pytest.mark.parametrize("asked", [0.5, 7.0, 3600.0])
def test_what_the_other_side_asked_for_is_a_floor_with_up_to_a_tenth_on_top(asked: float) -> None:
    waits = seconds(tries=3, retry_after=asked)

    assert min(waits) >= asked
    assert asked * 1.09 < max(waits) <= asked * 1.1


def test_zero_is_an_answer_too() -> None:
    assert set(seconds(tries=10, retry_after=0.0)) == {0.0}


def test_the_same_seed_waits_alike() -> None:
    assert seconds(tries=2) == seconds(tries=2)
