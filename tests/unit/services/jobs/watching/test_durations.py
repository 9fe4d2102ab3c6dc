"""Buckets of durations, and percentiles out of them."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.jobs.watching.durations import GROWTH, LEAST_SECONDS, bucket, edge, percentile

WRONG = (GROWTH - 1) / (GROWTH + 1)
seconds = st.floats(LEAST_SECONDS, 1e6)


def exact(durations: list[float], share: float) -> float:
    return sorted(durations)[math.ceil(share * len(durations)) - 1]


def test_the_promised_error_is_what_the_growth_gives() -> None:
    assert WRONG <= 0.07


@given(st.lists(seconds, min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_percentile_is_wrong_by_seven_per_cent_at_most(durations: list[float], share: float) -> None:
    found = percentile(Counter(map(bucket, durations)), share)

    assert found == pytest.approx(exact(durations, share), rel=WRONG + 1e-9)


@given(seconds)
def test_a_duration_lies_within_its_bucket(duration: float) -> None:
    assert edge(bucket(duration) - 1) * (1 - 1e-9) <= duration <= edge(bucket(duration)) * (1 + 1e-9)


def test_control_wider_buckets_would_break_the_promise() -> None:
    wide = 1.5

    assert (wide - 1) / (wide + 1) > 0.07


@pytest.mark.parametrize("duration", [0.0, -1.0, 1e-9])
def test_what_is_shorter_than_the_least_counts_as_the_least(duration: float) -> None:
    assert bucket(duration) == bucket(LEAST_SECONDS)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile({}, 0.5) is None
    assert percentile({3: 0}, 0.5) is None
