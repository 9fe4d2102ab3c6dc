"""How many processes there should be, look by look."""

from collections.abc import Iterable

import pytest

from infra.local import scaling
from infra.local.scaling import Scale, crashed, looked, missing, superfluous
from infra.postgres.backlog import Backlog

CALM = Backlog(waits=0.0, busy=frozenset())
PRESSED = Backlog(waits=5.0, busy=frozenset({"stack"}))


def after(
    seconds: Iterable[int], seen: Backlog, scale: Scale | None = None, *, children: Iterable[str] = (), most: int = 4
) -> Scale:
    """The scale after one look a second that sees the same."""
    scale = scale or Scale()
    for at in seconds:
        scale = looked(scale, seen, list(children), most=most, at=float(at))
    return scale


def test_a_backlog_that_lasts_brings_one_more_process() -> None:
    assert after(range(2), PRESSED).wanted == 1
    assert after(range(3), PRESSED).wanted == 2


def test_a_backlog_that_is_interrupted_brings_none() -> None:
    scale = Scale()
    for at in range(30):
        scale = looked(scale, CALM if at % 2 else PRESSED, [], most=4, at=float(at))

    assert scale.wanted == 1


def test_who_waits_for_a_moment_only_is_no_backlog() -> None:
    assert after(range(60), Backlog(waits=0.9, busy=frozenset())).wanted == 1


def test_the_next_process_comes_only_when_the_last_one_is_there_and_had_time_to_help() -> None:
    scale = after(range(3), PRESSED)

    assert after(range(3, 20), PRESSED, scale).wanted == 2
    assert after(range(3, 5), PRESSED, scale, children=["a"]).wanted == 2
    assert after(range(3, 6), PRESSED, scale, children=["a"]).wanted == 3


@pytest.mark.parametrize("most", [1, 2, 3])
def test_there_are_never_more_than_may_be(most: int) -> None:
    scale, children = Scale(), list[str]()
    for at in range(200):
        scale = looked(scale, PRESSED, children, most=most, at=float(at))
        if missing(scale, children, at=float(at)):
            children.append(str(at))

    assert len(children) == most - 1


def test_a_process_that_has_nothing_to_do_for_long_goes_and_a_busy_one_stays() -> None:
    scale = Scale(wanted=3)
    busy = Backlog(waits=0.0, busy=frozenset({"a"}))

    early = after(range(10), busy, scale, children=["a", "b"])
    late = after(range(11), busy, scale, children=["a", "b"])

    assert superfluous(early, ["a", "b"]) == []
    assert superfluous(late, ["a", "b"]) == ["b"]
    assert after(range(60), busy, scale, children=["a"]).wanted == 2


def test_processes_go_one_by_one_who_idles_longest_first() -> None:
    scale = after(range(5), Backlog(waits=0.0, busy=frozenset({"a"})), Scale(wanted=3), children=["a", "b"])

    scale = after(range(5, 11), CALM, scale, children=["a", "b"])

    assert superfluous(scale, ["a", "b"]) == ["b"]


def test_nobody_goes_while_jobs_wait() -> None:
    idle_but_pressed = Backlog(waits=5.0, busy=frozenset())

    assert after(range(60), idle_but_pressed, Scale(wanted=2), children=["a"], most=2).wanted == 2


def test_a_crashed_process_is_missing_after_a_rest_that_doubles_and_ends() -> None:
    scale, rests = Scale(wanted=2), list[float]()
    for _ in range(8):
        scale = crashed(scale, lived=1.0, at=100.0)
        rests.append(scale.rests_until - 100.0)

    assert rests == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    assert not missing(scale, [], at=159.0)
    assert missing(scale, [], at=160.0)
    assert not missing(scale, ["a"], at=160.0)


def test_who_lived_long_before_it_crashed_is_replaced_soon() -> None:
    scale = crashed(Scale(wanted=2, crashes=7), lived=scaling.SOUND_SECONDS, at=0.0)

    assert scale.rests_until == 1.0


def test_what_crashes_is_not_started_for_ever_when_nobody_needs_it() -> None:
    scale = crashed(Scale(wanted=2), lived=0.0, at=0.0)

    assert after(range(10), CALM, scale).wanted == 2
    assert after(range(11), CALM, scale).wanted == 1
