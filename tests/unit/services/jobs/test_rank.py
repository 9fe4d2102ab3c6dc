"""The order of waiting jobs is the order of one number."""

from itertools import pairwise

import pytest
from pydantic import TypeAdapter

from services.jobs.level import Level
from services.jobs.rank import (
    AGEING_SECONDS,
    BOOST_SECONDS,
    LONGEST_SECONDS,
    MOST_ADJUSTMENT_SECONDS,
    MOST_PENALTIES,
    Priority,
    adjustment_seconds,
    rank_seconds,
)

QUICK, SLOW = adjustment_seconds("a.csv", 0), adjustment_seconds("a.pdf", 10**12)


def test_the_levels_stand_one_ageing_apart_and_critical_is_first() -> None:
    ranks = [rank_seconds(priority) for priority in Priority]

    assert ranks[0] == 0
    assert {later - sooner for sooner, later in pairwise(ranks)} == {AGEING_SECONDS}
    assert [priority.name for priority in Priority] == ["CRITICAL", "HIGH", "NORMAL", "LOW", "BACKGROUND"]


def test_the_last_level_waits_for_later_arrivals_no_longer_than_is_promised() -> None:
    worst = rank_seconds(Priority.BACKGROUND, failures=1000, adjustment=MOST_ADJUSTMENT_SECONDS)

    assert worst - rank_seconds(Priority.CRITICAL) == LONGEST_SECONDS
    assert rank_seconds(5, failures=1000, adjustment=MOST_ADJUSTMENT_SECONDS) > LONGEST_SECONDS


def test_a_retry_by_hand_goes_ahead_of_its_level_and_behind_the_one_above() -> None:
    boosted = rank_seconds(Priority.NORMAL, boost=BOOST_SECONDS)

    assert boosted == rank_seconds(Priority.HIGH)
    assert boosted < rank_seconds(Priority.NORMAL)


def test_failures_push_back_up_to_a_limit() -> None:
    ranks = [rank_seconds(Priority.NORMAL, failures=failures) for failures in range(MOST_PENALTIES + 3)]

    assert ranks[: MOST_PENALTIES + 1] == sorted(set(ranks))
    assert len(set(ranks[MOST_PENALTIES:])) == 1


@pytest.mark.parametrize("size", [0, 1_000, 10**8, 10**12])
@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.pdf", "a.unheard", "no extension", ""])
def test_what_a_file_is_never_outweighs_a_quarter_of_a_level(name: str, size: int) -> None:
    assert 0 <= adjustment_seconds(name, size) <= MOST_ADJUSTMENT_SECONDS == AGEING_SECONDS / 4


def test_quick_types_and_small_files_go_ahead() -> None:
    assert QUICK == 0
    assert SLOW == MOST_ADJUSTMENT_SECONDS
    assert adjustment_seconds("a.csv", 10) < adjustment_seconds("a.bin", 10) < adjustment_seconds("a.docx", 10)
    assert adjustment_seconds("a.csv", 10) < adjustment_seconds("a.csv", 50_000_000)
    assert adjustment_seconds("A.CSV", 5) == adjustment_seconds("a.csv", 5)


@pytest.mark.parametrize("size", [None, -5, 0])
def test_a_size_nobody_knows_weighs_nothing(size: int | None) -> None:
    assert adjustment_seconds("a.csv", size) == 0


def test_where_nothing_is_known_nothing_is_moved() -> None:
    assert adjustment_seconds(None, None) == 0
    assert adjustment_seconds(None, 10**9) > 0


@pytest.mark.parametrize(("said", "meant"), [("HIGH", 1), ("high", 1), (1, 1), ("BACKGROUND", 4)])
def test_a_body_may_name_a_level_or_its_number_and_its_schema_says_so(said: object, meant: int) -> None:
    level: TypeAdapter[int] = TypeAdapter(Level)

    assert level.validate_python(said) == meant
    assert level.json_schema()["type"] == ["integer", "string"]
    assert all(priority.name in level.json_schema()["description"] for priority in Priority)
