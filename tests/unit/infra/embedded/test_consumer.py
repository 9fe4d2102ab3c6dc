"""Backoff and the text of a dead letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.embedded.consumer import delay
from infra.runtime.events.bus import PoisonMessage, Subscription, final
from schemas.problem import Problem, ProblemClass

LOAD = Subscription(name="load", topic="t", min_backoff_s=2.0, max_backoff_s=60.0)


class Wait(Problem):
    kind = ProblemClass.RETRY


@given(attempt=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_a_delay_lies_between_nothing_and_the_maximum(attempt: int, chance: float) -> None:
    assert 0 <= delay(LOAD, attempt, RuntimeError(), chance=chance) <= 60.0


def test_the_range_of_delays_doubles() -> None:
    assert [delay(LOAD, attempt, RuntimeError(), chance=0.5) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 32, 60]


def test_a_problem_that_asks_for_time_gets_it_up_to_the_maximum() -> None:
    assert delay(LOAD, 1, Wait(retry_after=30.0), chance=0.5) == 30.0
    assert delay(LOAD, 1, Wait(retry_after=1e9), chance=0.5) == 60.0


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (ProblemClass.PERMANENT, "refused"),
        (ProblemClass.DATA, "refused"),
        (ProblemClass.AUTH, "refused"),
        (ProblemClass.RETRY, None),
        (ProblemClass.QUOTA, None),
        (ProblemClass.AMBIGUOUS, None),
    ],
)
def test_the_class_of_a_problem_decides_whether_it_is_final(kind: ProblemClass, outcome: str | None) -> None:
    class Failure(Problem):
        pass

    Failure.kind = kind

    assert final(Failure()) == outcome


def test_a_bug_is_not_final_and_poison_is() -> None:
    assert final(RuntimeError()) is None
    assert final(PoisonMessage()) == "poison"
