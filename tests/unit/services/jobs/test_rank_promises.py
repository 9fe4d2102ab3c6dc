"""The order of jobs is the order of one number: what it promises to those who wait."""

from hypothesis import given
from hypothesis import strategies as st

from services.jobs.rank import (
    AGEING_SECONDS,
    BOOST_SECONDS,
    LONGEST_SECONDS,
    MOST_ADJUSTMENT_SECONDS,
    PENALTY_SECONDS,
    adjustment_seconds,
    rank_seconds,
)

PARTS = st.fixed_dictionaries(
    {
        "priority": st.integers(0, 4),
        "boost": st.sampled_from([0.0, BOOST_SECONDS]),
        "failures": st.integers(0, 50),
        "adjustment": st.floats(0, MOST_ADJUSTMENT_SECONDS),
    }
)


@given(PARTS, PARTS, st.floats(0.001, 1e6))
def test_nobody_waits_longer_than_promised_behind_later_arrivals(first: dict, later: dict, ahead: float) -> None:  # type: ignore[type-arg]
    arrives = LONGEST_SECONDS + ahead

    assert rank_seconds(**first) < arrives + rank_seconds(**later)


def test_control_a_little_earlier_somebody_may_still_overtake() -> None:
    last = rank_seconds(4, failures=5, adjustment=MOST_ADJUSTMENT_SECONDS)

    assert last == LONGEST_SECONDS
    assert last > LONGEST_SECONDS - 1 + rank_seconds(0)


@given(PARTS, st.floats(0.001, 1e6))
def test_of_equals_the_earlier_comes_first(parts: dict, later: float) -> None:  # type: ignore[type-arg]
    assert rank_seconds(**parts) < later + rank_seconds(**parts)


def test_a_level_a_boost_and_a_failure_are_worth_what_they_say() -> None:
    normal = rank_seconds(2)

    assert rank_seconds(3) - normal == AGEING_SECONDS
    assert normal - rank_seconds(2, boost=BOOST_SECONDS) == BOOST_SECONDS
    assert rank_seconds(2, failures=1) - normal == PENALTY_SECONDS
    assert rank_seconds(2, failures=6) == rank_seconds(2, failures=5)


def test_a_boost_never_leads_ahead_of_the_highest_level() -> None:
    assert rank_seconds(0, boost=BOOST_SECONDS) == rank_seconds(0) == 0.0


@given(st.none() | st.text(), st.none() | st.integers())
def test_type_and_size_decide_between_neighbours_only(filename: str | None, size: int | None) -> None:
    assert 0.0 <= adjustment_seconds(filename, size) <= MOST_ADJUSTMENT_SECONDS < AGEING_SECONDS
