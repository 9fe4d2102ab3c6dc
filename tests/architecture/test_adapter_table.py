"""The table of `make adapters` says what a run found."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUITE = """
import pytest

@pytest.fixture(params=["cloud", "embedded"])
def adapter(request): return request.param

def test_both_keep_this(adapter): ...
@pytest.mark.parametrize("number", [1, 2])
def test_one_breaks_this(adapter, number): assert adapter == "embedded" or number == 1
def test_one_is_known_to_differ(request, adapter):
    if adapter == "cloud":
        request.applymarker(pytest.mark.xfail(reason="by design"))
        assert 0
def test_of_no_adapter(): ...
"""


def table(folder: Path, *more: str) -> list[list[str]]:
    suite = folder / "wires"
    suite.mkdir()
    (suite / "test_wires.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.contract.table", *more]
    done = subprocess.run(
        [*command, "--rootdir", str(folder), str(suite)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    lines = done.stdout.partition("WIRES")[2].splitlines()
    return [line.split("  ") for line in lines[: lines.index(next(one for one in lines if "promises kept" in one)) + 1]]


def words(line: list[str]) -> list[str]:
    return [word.strip() for word in line if word.strip()]


def test_a_promise_is_a_line_and_an_adapter_a_column(tmp_path: Path) -> None:
    assert [words(line) for line in table(tmp_path)] == [
        ["embedded", "cloud"],
        ["both keep this", "yes", "yes"],
        ["one breaks this", "yes", "NO"],
        ["one is known to differ", "yes", "differs", "by design"],
        ["promises kept", "3 of 3", "1 of 3"],
    ]


def test_several_processes_fill_the_same_table(tmp_path: Path) -> None:
    assert [words(line) for line in table(tmp_path, "-n", "2")][-1] == ["promises kept", "3 of 3", "1 of 3"]
