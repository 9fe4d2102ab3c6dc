import io
import json
import logging
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from infra.runtime.telemetry.logging import leave_to_the_program, set_up


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def told(capture: io.StringIO, monkeypatch: pytest.MonkeyPatch, **fields: object) -> str:
    monkeypatch.setattr(sys, "stderr", capture)
    set_up("INFO")
    structlog.get_logger().info("part stored", **fields)
    return capture.getvalue()


def test_programs_read_one_json_line_an_event(monkeypatch: pytest.MonkeyPatch) -> None:
    line = told(io.StringIO(), monkeypatch, part=3)

    assert json.loads(line) | {"time": ""} == {"message": "part stored", "severity": "INFO", "part": 3, "time": ""}


def test_a_person_at_a_terminal_reads_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    line = told(Terminal(), monkeypatch, part=3)

    assert "part stored" in line
    assert "part=3" in line
    assert not line.startswith("{")
    assert "\x1b" not in line


def test_control_a_terminal_gets_colours_unless_they_are_unwanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    assert "\x1b" in told(Terminal(), monkeypatch)


@pytest.mark.parametrize("terminal", [io.StringIO, Terminal])
@pytest.mark.parametrize("sent", ["Authorization: Bearer CANARY-5f1c", "token=CANARY-5f1c", "http://me:CANARY@host/"])
def test_credentials_are_left_out(monkeypatch: pytest.MonkeyPatch, terminal: type[io.StringIO], sent: str) -> None:
    line = told(terminal(), monkeypatch, sent=sent)

    assert "***" in line
    assert "CANARY" not in line


def test_a_file_takes_everything_and_the_screen_stays_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", screen := Terminal())

    set_up("INFO", file=tmp_path / "headrace.log")
    structlog.get_logger().info("part stored")
    logging.getLogger("some.package").error("of theirs")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("careful", stacklevel=1)

    lines = (tmp_path / "headrace.log").read_text().splitlines()
    assert [json.loads(line)["severity"] for line in lines] == ["INFO", "ERROR", "WARNING"]
    assert screen.getvalue() == ""


def fail_with(secret: str) -> None:
    try:
        int(f"{len(secret)} letters")
    except ValueError:
        structlog.get_logger("a.package").exception("callback failed", job_id="j-1", password=secret)


def test_in_a_program_of_somebody_else_lines_go_through_its_logging(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    leave_to_the_program()
    structlog.get_logger("a.package").debug("not asked for")
    fail_with("hunter2")

    (record,) = caplog.records
    assert (record.name, record.levelname) == ("a.package", "ERROR")
    assert record.getMessage().startswith("callback failed job_id=j-1")
    assert "ValueError: invalid literal" in record.getMessage()
    assert "hunter2" not in record.getMessage()
    assert capsys.readouterr().out == ""


def test_control_left_alone_structlog_prints_what_variables_held(capsys: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    fail_with("hunter2")

    assert "hunter2" in capsys.readouterr().out


def test_a_program_that_set_structlog_up_keeps_what_it_chose() -> None:
    set_up("INFO")
    chosen = structlog.get_config()["processors"]
    leave_to_the_program()

    assert structlog.get_config()["processors"] is chosen
