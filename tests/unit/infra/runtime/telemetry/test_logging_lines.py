"""What stands in a log line: ids that were bound, errors in one line, and no secrets."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from infra.runtime.telemetry import trace
from infra.runtime.telemetry.logging import set_up

SECRET = "CANARY-5f1c77"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines of a program's log, read as JSON."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    monkeypatch.setattr(sys, "stderr", out := io.StringIO())
    set_up("INFO")
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers[:], root.level = handlers, level
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_bound_ids_stand_in_every_line_of_ours_and_of_libraries(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(crawl_id="c-1"):
        structlog.get_logger().info("part stored", part=3)
        logging.getLogger("some.package").warning("retrying %s", "soon")
    structlog.get_logger().info("idle")

    first, second, third = lines()
    assert (first["crawl_id"], first["message"], first["part"]) == ("c-1", "part stored", 3)
    assert (second["crawl_id"], second["message"], second["severity"]) == ("c-1", "retrying soon", "WARNING")
    assert "crawl_id" not in third


async def test_tasks_do_not_mix_up_their_ids(lines: Lines) -> None:
    async def work(crawl_id: str) -> None:
        with structlog.contextvars.bound_contextvars(crawl_id=crawl_id):
            await asyncio.sleep(0)
            structlog.get_logger().info("done", said=crawl_id)

    await asyncio.gather(*(work(f"c-{n}") for n in range(5)))

    assert len(lines()) == 5
    assert all(line["crawl_id"] == line["said"] for line in lines())


@pytest.mark.usefixtures("lines")
@pytest.mark.parametrize(
    ("project", "named"),
    [
        (None, {}),
        (
            "a-project",
            {
                "logging.googleapis.com/trace": f"projects/a-project/traces/{TRACE}",
                "logging.googleapis.com/spanId": SPAN,
            },
        ),
    ],
)
def test_a_line_names_its_trace_and_for_a_project_of_google_as_cloud_logging_knows_it(
    monkeypatch: pytest.MonkeyPatch, project: str | None, named: dict[str, str]
) -> None:
    monkeypatch.setattr(sys, "stderr", out := io.StringIO())
    set_up("INFO", project=project)

    with trace.continued(f"00-{TRACE}-{SPAN}-01"):
        structlog.get_logger().info("part stored")
        logging.getLogger("some.package").warning("retrying")
    structlog.get_logger().info("idle")

    *traced, idle = map(json.loads, out.getvalue().splitlines())
    for line in traced:
        assert {name: value for name, value in line.items() if "trace" in name or "span" in name} == {
            "trace_id": TRACE,
            "span_id": SPAN,
            **named,
        }
    assert "trace_id" not in idle
    assert not any("googleapis" in name for name in idle)


def complain() -> None:
    msg = f"https://me:{SECRET}@example.com refused: token={SECRET}"
    raise RuntimeError(msg)


def test_an_error_is_one_line_with_its_traceback_and_without_its_secrets(lines: Lines) -> None:
    for log in (structlog.get_logger(), logging.getLogger("some.package")):
        try:
            complain()
        except RuntimeError:
            log.exception("it broke")

    ours, theirs = lines()
    for line in (ours, theirs):
        assert (line["severity"], line["message"]) == ("ERROR", "it broke")
        assert "in complain" in line["exception"]
        assert "https://***@example.com" in line["exception"]
        assert SECRET not in json.dumps(line)


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"Authorization": f"Bearer {SECRET}"}},
        {"error": ValueError(f"password={SECRET}")},
        {"token": SECRET},
        {"urls": [f"https://me:{SECRET}@h/"]},
    ],
)
def test_no_field_of_any_shape_tells_a_secret(lines: Lines, fields: dict[str, object]) -> None:
    structlog.get_logger().info("asked", **fields)
    logging.getLogger("some.package").warning("asked %s", fields)

    ours, theirs = lines()
    assert SECRET not in json.dumps(ours)
    assert SECRET not in json.dumps(theirs)
    assert "***" in json.dumps(ours)


def test_control_a_secret_without_any_sign_of_one_would_be_seen(lines: Lines) -> None:
    structlog.get_logger().info("asked", plain=SECRET)

    assert SECRET in json.dumps(lines())


def test_what_is_less_severe_than_asked_for_is_not_written(lines: Lines) -> None:
    structlog.get_logger().debug("detail")
    logging.getLogger("some.package").debug("detail")
    logging.getLogger("uvicorn.access").info("GET /")

    assert lines() == []


def test_every_line_says_when_in_utc(lines: Lines) -> None:
    structlog.get_logger().info("now")

    assert lines()[0]["time"].endswith("Z")
