"""A process of ours looks for cyclic garbage seldom, and still finds it."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from infra.runtime.garbage import YOUNG, collect_none_yet, collect_seldom


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.set_threshold(*thresholds)
    gc.unfreeze()
    gc.enable()


class Knot:
    """Refers to itself."""

    def __init__(self) -> None:
        self.own = self


def looks(objects: int) -> int:
    before = sum(generation["collections"] for generation in gc.get_stats())
    kept = [[number] for number in range(objects)]
    after = sum(generation["collections"] for generation in gc.get_stats())
    assert len(kept) == objects
    return after - before


def test_jobs_in_hand_are_not_looked_through_again_and_again() -> None:
    gc.set_threshold(700, 10, 10)
    usual = looks(YOUNG // 2)
    collect_seldom()
    gc.collect()
    assert looks(YOUNG // 2) == 0 < usual


def test_a_knot_is_still_found() -> None:
    collect_seldom()
    knot = Knot()
    left = weakref.ref(knot)
    del knot
    looks(2 * YOUNG)
    assert left() is None


def test_what_is_loaded_is_never_looked_through() -> None:
    gc.unfreeze()
    collect_none_yet()
    loaded = [[number] for number in range(10)]
    assert looks(2 * YOUNG) == 0
    collect_seldom()
    assert not any(one is loaded for one in gc.get_objects())
    assert gc.isenabled()


def test_what_was_there_before_is_looked_through_where_nothing_was_said_of_loading() -> None:
    there = [[number] for number in range(10)]
    collect_seldom()
    assert any(one is there for one in gc.get_objects())
