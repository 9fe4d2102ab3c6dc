import sys

import pytest

from schemas.problem import Problem
from services.console.report import aligned, complain, screen, table, verdict


def test_values_stand_in_one_column() -> None:
    assert aligned({"API": "a", "data": "b"}, indent=" ") == " API   a\n data  b"


def test_an_empty_value_leaves_no_blanks_behind() -> None:
    assert aligned({"API": ""}) == "API"


def test_a_complaint_says_what_happened_and_what_helps(capsys: pytest.CaptureFixture[str]) -> None:
    complain(Problem("The port is [taken]"))

    said = capsys.readouterr()
    assert said.err == f"{Problem.title}: The port is [taken]\n{Problem.recovery}\n"
    assert said.out == ""


def test_a_complaint_without_details_says_its_title_once(capsys: pytest.CaptureFixture[str]) -> None:
    complain(Problem())

    assert capsys.readouterr().err == f"{Problem.title}\n{Problem.recovery}\n"


def test_what_is_broken_comes_with_its_fix(capsys: pytest.CaptureFixture[str]) -> None:
    verdict(screen(), "port", "8080 is taken", "Stop it.")
    verdict(screen(), "port", "8080 is free", "")

    assert capsys.readouterr().out == "  FIX port: 8080 is taken\n        Stop it.\n  ok  port: 8080 is free\n"


def test_a_pipe_gets_no_colours_even_where_they_are_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    complain(Problem())

    assert "\x1b" not in capsys.readouterr().err


def test_control_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)

    complain(Problem())

    assert "\x1b" in capsys.readouterr().err


def test_rows_stand_under_their_names_and_no_value_is_read_as_markup(capsys: pytest.CaptureFixture[str]) -> None:
    screen().print(table([{"name": "[red]a", "posts": 2}, {"name": None, "posts": 10}]))

    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["name", "posts"],
        ["[red]a", "2"],
        ["10"],
    ]
