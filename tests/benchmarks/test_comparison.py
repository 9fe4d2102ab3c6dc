"""What the comparison says can be believed: it sees what is missed, and what was not measured."""

from pathlib import Path
from typing import Any, cast

import pytest

from tests.benchmarks.comparison import Bar, Comparison
from tests.benchmarks.measure import Figures
from tests.benchmarks.peers.program import Notebook
from tests.benchmarks.peers.programs import PLACES, program
from tests.benchmarks.stores import Store

OURS, THEIRS = ("ours", 10), ("theirs", 10)


def comparison(*rounds: tuple[float, float]) -> Comparison:
    found = Comparison(lambda _: None)
    found.measured[OURS] = [{"drain": ours, "drain_all_cpu": ours} for ours, _ in rounds]
    found.measured[THEIRS] = [{"drain": theirs, "drain_all_cpu": theirs} for _, theirs in rounds]
    return found


@pytest.mark.parametrize(
    ("ratio", "passed", "verdict"), [(1.0, True, "reached"), (0.7, True, "near"), (0.69, False, "MISSED")]
)
def test_a_bar_allows_for_noise_and_no_more(ratio: float, *, passed: bool, verdict: str) -> None:
    bar = Bar("this v that", wanted=1.0, ratio=ratio)
    assert (bar.passed, verdict in str(bar)) == (passed, True)


def test_cpu_seconds_stand_in_for_seconds() -> None:
    assert Bar("this v that", wanted=1.0, ratio=0.1, cpu=1.0).passed


def test_one_round_that_others_disturbed_decides_nothing() -> None:
    assert comparison((10, 10), (1, 100), (20, 20)).ratio("drain", OURS, THEIRS) == 1.0


def test_rounds_are_compared_with_their_neighbours() -> None:
    assert comparison((10, 5), (100, 50), (1000, 500)).ratio("drain", OURS, THEIRS) == 2.0


async def test_nobody_is_measured_first_in_every_round() -> None:
    turns: list[str] = []

    async def measure(_: Any, name: str) -> Figures:
        turns.append(name)
        return {"drain": 1.0}

    await Comparison(lambda _: cast("Store", object())).in_turn(10, ["ours", "theirs"], 3, measure)
    assert turns == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]


async def test_a_program_without_its_store_is_left_out() -> None:
    found = Comparison(lambda _: None)
    await found.backlog(1000, ["rq-simple"], rounds=1, single=500)
    assert found.measured == {}


def test_the_table_has_a_dash_for_what_was_not_measured() -> None:
    found = comparison((12_345, 1))
    found.measured[("theirs", 100)] = []
    line = next(line for line in found.table().splitlines() if "ours" in line)
    assert line.split()[:2] == ["10", "ours"]
    assert "12,345" in line
    assert "-" in line.split()


@pytest.mark.parametrize("name", PLACES)
def test_every_program_can_be_loaded(name: str) -> None:
    assert program(name) is not None


def test_a_notebook_keeps_what_bodies_note(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notes")
    assert notebook.count() == 0
    notebook.begin(1.0)
    notebook.begin(2.0)
    first, second = notebook.notes()
    assert (first.enqueued, second.enqueued) == (1.0, 2.0)
    assert (first.cpu > 0, second.cpu) == (True, 0.0)
