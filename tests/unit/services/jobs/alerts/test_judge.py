"""When something counts as wrong, and when as over."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.jobs.alerts.judge import GAP, Standing, judge
from services.jobs.alerts.rules import RULES, Level, Rule, duration

START = datetime(2026, 1, 1, tzinfo=UTC)
RULE = Rule(
    level=Level.WARNING,
    raise_at=10,
    clear_below=5,
    hold_seconds=30,
    calm_seconds=60,
    message=lambda value, _: str(value),
)


def looked(*values: float, every: float = 10.0) -> list[Standing | None]:
    """What stands after each of these values, measured one after the other."""
    found: list[Standing | None] = []
    standing: Standing | None = None
    for number, value in enumerate(values):
        standing = judge(standing, value, rule=RULE, now=START + timedelta(seconds=every * number))
        found.append(standing)
        if standing is not None and standing.cleared_at is not None:
            standing = None
    return found


def words(standings: list[Standing | None]) -> str:
    """One letter a look: - nothing, s suspected, R raised, c calming, X cleared."""

    def word(one: Standing | None) -> str:
        if one is None:
            return "-"
        if one.cleared_at is not None:
            return "X"
        if one.raised_at is None:
            return "s"
        return "R" if one.calm_since is None else "c"

    return "".join(map(word, standings))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0, 9.9, 0], "---"),
        ([10, 10, 10, 10, 10], "sssRR"),
        ([10, 10, 9, 10, 10, 10, 10], "ss-sssR"),
        ([10, 10, 10, 10, 7, 7, 5], "sssRRRR"),
        ([10, 10, 10, 10, 4, 4, 4, 4, 4, 4, 4], "sssRccccccX"),
        ([10, 10, 10, 10, 4, 4, 7, 4, 4, 4, 4, 4, 4, 4], "sssRccRccccccX"),
        ([10, 10, 10, 10, 4, 4, 4, 4, 4, 4, 4, 10, 10, 10, 10], "sssRccccccXsssR"),
    ],
)
def test_it_is_raised_after_it_held_and_cleared_after_it_was_calm(values: list[float], said: str) -> None:
    assert words(looked(*values)) == said


def test_control_without_the_room_between_the_bounds_it_would_flap() -> None:
    flapping = [10, 10, 10, 10, *[9, 10] * 20]

    assert set(words(looked(*flapping))[3:]) == {"R"}
    bare = Rule(level=RULE.level, raise_at=10, clear_below=10, hold_seconds=0, calm_seconds=0, message=RULE.message)
    first = judge(None, 10, rule=bare, now=START)
    second = judge(first, 9, rule=bare, now=START + timedelta(seconds=1))
    assert second is not None
    assert second.cleared_at is not None


def test_the_first_and_the_last_value_are_kept() -> None:
    [*_, last] = looked(10, 11, 12, 13, 14)

    assert last is not None
    assert (last.value, last.last_value, last.since) == (13, 14, START)


def test_what_nobody_saw_did_not_hold() -> None:
    blind = GAP.total_seconds() + 1

    assert words(looked(10, 10, 10, every=blind)) == "sss"
    assert words(looked(10, 10, every=GAP.total_seconds())) == "sR"


def test_what_nobody_saw_was_not_calm() -> None:
    standing = Standing(since=START, looked_at=START, value=10, last_value=10, raised_at=START, calm_since=START)
    later = judge(standing, 0, rule=RULE, now=START + timedelta(hours=1))

    assert later is not None
    assert later.cleared_at is None


def test_what_held_by_a_clock_that_was_set_back_is_measured_anew() -> None:
    back = START - timedelta(hours=1)
    suspected = judge(Standing(since=START, looked_at=START, value=10, last_value=10), 10, rule=RULE, now=back)
    calm = Standing(since=START, looked_at=START, value=10, last_value=10, raised_at=START, calm_since=START)
    calming = judge(calm, 0, rule=RULE, now=back)

    assert suspected is not None
    assert suspected.since == back
    assert calming is not None
    assert (calming.calm_since, calming.cleared_at) == (back, None)


def test_control_clocks_of_two_machines_may_differ_a_little() -> None:
    standing = judge(Standing(since=START, looked_at=START, value=10, last_value=10), 10, rule=RULE, now=START - GAP)

    assert standing is not None
    assert standing.since == START


@given(st.lists(st.floats(0, 20), max_size=60))
def test_raised_and_cleared_take_turns_and_never_come_early(values: list[float]) -> None:
    said = words(looked(*values))

    for before, after in pairwise("-" + said):
        assert after in {"-": "-s", "s": "-sR", "R": "Rc", "c": "RcX", "X": "-s"}[before]
    for number, letter in enumerate(said):
        if letter == "R" and said[number - 1] == "s":
            assert all(value >= RULE.raise_at for value in values[number - 3 : number + 1])
        if letter == "X":
            assert all(value < RULE.clear_below for value in values[number - 6 : number + 1])


@pytest.mark.parametrize("name", RULES)
def test_every_rule_clears_below_what_raises_it_and_says_it_in_a_line(name: str) -> None:
    rule = RULES[name]

    assert 0 < rule.clear_below <= rule.raise_at
    assert "\n" not in rule.message(rule.raise_at, "drill")
    assert len(rule.message(rule.raise_at, "drill")) < 100


def test_a_failure_rate_is_said_as_the_seed_says_it() -> None:
    assert RULES["failure_rate"].message(0.15, "drill") == "High failure rate: 15% (drill)"


@pytest.mark.parametrize(("seconds", "said"), [(59, "59 s"), (120, "2 min"), (7200, "2 h"), (259_200, "3 d")])
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
