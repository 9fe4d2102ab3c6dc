import io
from typing import Any

import pytest
from rich.console import Console

from infra.local.demo_client import Watched
from infra.local.demo_view import Screen

EVENT: dict[str, Any] = {
    "type": "crawl.failed",
    "id": "e1",
    "time": "2026-01-01T00:00:00Z",
    "data": {"url": "[red]" + "x" * 200},
}


def status(pipeline: str, state: str, *, progress: float = 10.0, polls: int = 0, **more: Any) -> dict[str, Any]:
    polling = {"polling_active": state in {"STARTED", "POLLING"}, "polling_state": state, "poll_count": polls}
    return {
        "pipeline_status": pipeline,
        "progress": progress,
        "background_processing": {**polling, "last_poll_time": more.get("polled")},
        "created_at": "2026-01-01T00:00:00Z",
        "finished_at": more.get("finished_at"),
    }


def seen(*statuses: dict[str, Any]) -> Watched:
    crawl = Watched("north-mill", "c1")
    for one in statuses:
        crawl.see(one, poll_interval=30.0)
    return crawl


@pytest.fixture
def page() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def piped(page: io.StringIO) -> Screen:
    return Screen(Console(file=page, force_terminal=False, width=80))


@pytest.fixture
def terminal(page: io.StringIO) -> Screen:
    return Screen(Console(file=page, force_terminal=True, width=80, _environ={"TERM": "xterm"}))


def test_a_pipe_gets_one_line_for_each_change(piped: Screen, page: io.StringIO) -> None:
    with piped.progress() as update:
        for polls in (0, 0, 1, 1):
            update(seen(status("waiting_for_brightdata", "POLLING", polls=polls)))
        update(seen(status("completed", "COMPLETED", progress=95.0, polls=2)))

    lines = page.getvalue().splitlines()
    assert [line.split("  ")[-1] for line in lines] == ["0 polls", "1 poll", "2 polls"]
    assert "COMPLETED    100 %" in lines[-1]


def test_a_pipe_gets_no_escape_codes(piped: Screen, page: io.StringIO) -> None:
    with piped.progress() as update:
        update(seen(status("submitting", "STARTED")))
    piped.title("Events")
    piped.event(EVENT)
    piped.rows([{"competitor": "north-mill", "posts": 1200}])

    assert "\x1b" not in page.getvalue()
    assert not piped.moving


def test_control_a_terminal_gets_bars_that_move(terminal: Screen, page: io.StringIO) -> None:
    with terminal.progress() as update:
        update(seen(status("submitting", "STARTED")))

    assert "\x1b" in page.getvalue()
    assert "━" in page.getvalue()


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(page: io.StringIO) -> None:
    dumb = Screen(Console(file=page, force_terminal=True, width=80, _environ={"TERM": "dumb"}))

    with dumb.progress() as update:
        update(seen(status("submitting", "STARTED")))

    assert "━" not in page.getvalue()


def test_an_event_stays_in_one_piece_and_is_no_markup(piped: Screen, page: io.StringIO) -> None:
    piped.event(EVENT)

    assert EVENT["data"]["url"] in page.getvalue()


def test_names_and_values_are_aligned(piped: Screen, page: io.StringIO) -> None:
    piped.pairs({"API": "a", "data": "b"})

    assert page.getvalue() == "  API   a\n  data  b\n"


def test_numbers_of_a_table_are_readable(piped: Screen, page: io.StringIO) -> None:
    piped.rows([{"competitor": "north-mill", "likes": 30474941}])

    assert "30,474,941" in page.getvalue()


def test_it_says_how_long_before_its_next_poll_a_crawl_was_found_ready_however_long_storing_took() -> None:
    waiting = status("waiting_for_brightdata", "POLLING", polls=1, polled="2026-01-01T00:00:30Z")
    done = status("completed", "COMPLETED", polled="2026-01-01T00:00:35Z", finished_at="2026-01-01T00:02:00Z")

    crawl = seen(waiting, done)

    assert (crawl.seconds, crawl.seconds_saved) == (120.0, 25.0)


def test_control_a_crawl_that_a_poll_found_when_it_was_due_saved_nothing() -> None:
    waiting = status("waiting_for_brightdata", "POLLING", polls=1, polled="2026-01-01T00:00:30Z")
    done = status("completed", "COMPLETED", polled="2026-01-01T00:01:00.1Z", finished_at="2026-01-01T00:01:01Z")

    assert seen(waiting, done).seconds_saved < 0


def test_without_a_poll_the_first_one_is_due_an_interval_after_the_trigger() -> None:
    crawl = seen(
        status("waiting_for_brightdata", "STARTED"),
        status("completed", "COMPLETED", polled="2026-01-01T00:00:10Z", finished_at="2026-01-01T00:00:11Z"),
    )

    assert crawl.seconds_saved == 20.0


@pytest.mark.parametrize(
    ("pipeline", "ended"), [("completed", True), ("failed", True), ("cancelled", True), ("downloading", False)]
)
def test_it_knows_when_nothing_more_will_happen(pipeline: str, *, ended: bool) -> None:
    assert seen(status(pipeline, "ANY")).ended is ended
