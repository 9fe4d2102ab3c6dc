"""Buckets: who may ask how often."""

from dataclasses import dataclass

import pytest

from infra.runtime.configuration.settings import DECLARED
from infra.runtime.http.buckets import KEPT, Buckets
from infra.runtime.http.rate_limit import BURST_SECONDS


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def taken(buckets: Buckets, tenant: str, times: int) -> int:
    return sum(buckets.take(tenant) == 0 for _ in range(times))


def test_a_burst_of_two_seconds_is_taken_and_no_more(clock: Clock) -> None:
    assert taken(Buckets(5, 10, clock), "a", 100) == 10


def test_after_a_second_a_seconds_worth_is_taken(clock: Clock) -> None:
    buckets = Buckets(5, 10, clock)
    taken(buckets, "a", 100)

    clock.now += 1

    assert taken(buckets, "a", 100) == 5


def test_a_long_rest_saves_no_more_than_one_burst(clock: Clock) -> None:
    buckets = Buckets(5, 10, clock)
    taken(buckets, "a", 100)

    clock.now += 3600

    assert taken(buckets, "a", 100) == 10


def test_whoever_is_refused_learns_when_to_come_back(clock: Clock) -> None:
    buckets = Buckets(5, 10, clock)
    taken(buckets, "a", 10)

    seconds = buckets.take("a")
    clock.now += seconds + 1e-9

    assert seconds == pytest.approx(0.2)
    assert buckets.take("a") == 0


def test_one_tenant_costs_another_nothing(clock: Clock) -> None:
    buckets = Buckets(5, 10, clock)
    taken(buckets, "a", 100)

    assert taken(buckets, "b", 100) == 10


def test_less_than_one_a_second_still_lets_the_first_one_in(clock: Clock) -> None:
    buckets = Buckets(0.1, 1, clock)

    assert taken(buckets, "a", 100) == 1
    assert buckets.take("a") == pytest.approx(10)


def test_however_many_come_no_more_than_some_are_remembered_and_those_who_came_last(clock: Clock) -> None:
    buckets = Buckets(0.1, 1, clock)
    for caller in range(KEPT):
        buckets.take(str(caller))
    buckets.take("0")
    buckets.take("one more")

    assert len(buckets.of) == KEPT
    assert ("0" in buckets.of, "1" in buckets.of) == (True, False)


def test_the_setting_says_how_large_a_burst_is() -> None:
    said = DECLARED["rate_limit"].setting.description

    assert BURST_SECONDS == 2
    assert "two seconds' worth at once" in said
