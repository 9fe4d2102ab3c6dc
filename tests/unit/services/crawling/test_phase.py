"""Where a crawl is, and which commands it takes there: the whole table."""

from itertools import product
from typing import Any

import pytest

from services.crawling.phase import CrawlNotFound, IllegalCommand, legal, phase, pipeline_status, polling_state, require

QUEUES = ("submit", "poll", "store", "load")
STATES = ("ready", "scheduled", "waiting", "running", "paused", "completed", "failed", "cancelled")
COMMANDS = ("cancel", "pause", "resume", "download", "retry-background")
AS_STATE = {"completed", "failed", "cancelled", "paused"}

# phase → what is legal with a snapshot that lives, and without one
TABLE = {
    "submitting": ({"cancel", "pause"}, {"cancel", "pause"}),
    "waiting": ({"cancel", "pause", "download"}, {"cancel", "pause"}),
    "storing": ({"cancel", "pause"}, {"cancel", "pause"}),
    "loading": (set(), set()),
    "paused": ({"cancel", "resume"}, {"cancel", "resume"}),
    "completed": ({"retry-background", "download"}, {"retry-background"}),
    "failed": ({"retry-background", "download"}, {"retry-background"}),
    "cancelled": ({"retry-background", "download"}, {"retry-background"}),
}
PHASES = {"submit": "submitting", "poll": "waiting", "store": "storing", "load": "loading"}


def row(state: str, queue: str, **more: Any) -> dict[str, Any]:
    return {
        "state": state,
        "queue": queue,
        "snapshot_id": "sd_1",
        "snapshot_dead": False,
        "provider": "bright_data",
        "poll_count": 0,
        "error_stage": None,
        "want": None,
        **more,
    }


@pytest.mark.parametrize(("state", "queue"), list(product(STATES, QUEUES)))
def test_every_command_in_every_state_is_taken_or_refused_with_the_legal_ones(state: str, queue: str) -> None:
    where = state if state in AS_STATE else PHASES[queue]

    for alive in (True, False):
        at = row(state, queue, snapshot_dead=not alive)
        allowed = TABLE[where][0 if alive else 1]
        assert phase(at) == where
        assert set(legal(at)) == allowed
        for command in COMMANDS:
            if command in allowed:
                assert require(command, at) is at
                continue
            with pytest.raises(IllegalCommand) as refused:
                require(command, at)
            assert refused.value.status == 409
            assert refused.value.extra["legal"] == list(legal(at))
            assert where in refused.value.detail


def test_a_pause_that_was_wished_for_can_be_taken_back_and_a_cancellation_cannot_be_paused() -> None:
    assert set(legal(row("scheduled", "submit", want="pause"))) == {"cancel", "pause", "resume"}
    assert set(legal(row("scheduled", "submit", want="cancel"))) == {"cancel"}


def test_nothing_can_be_downloaded_before_there_is_a_snapshot() -> None:
    assert "download" not in legal(row("failed", "submit", snapshot_id=None))
    assert "download" in legal(row("failed", "submit"))


def test_a_crawl_that_is_not_there_takes_no_command() -> None:
    with pytest.raises(CrawlNotFound):
        require("cancel", None)


@pytest.mark.parametrize(
    ("state", "queue", "shown"),
    [
        ("ready", "submit", "submitting"),
        ("scheduled", "submit", "submitting"),
        ("waiting", "poll", "waiting_for_brightdata"),
        ("ready", "store", "downloading"),
        ("scheduled", "store", "downloading"),
        ("waiting", "load", "downloading"),
        ("completed", "store", "completed"),
        ("failed", "poll", "failed"),
        ("cancelled", "submit", "cancelled"),
        ("paused", "poll", "paused"),
    ],
)
def test_the_pipeline_is_told_in_published_words(state: str, queue: str, shown: str) -> None:
    assert pipeline_status(row(state, queue)) == shown


def test_another_provider_is_waited_for_by_its_own_name() -> None:
    assert pipeline_status(row("waiting", "poll", provider="firecrawl")) == "waiting_for_firecrawl"


@pytest.mark.parametrize(
    ("state", "queue", "more", "shown"),
    [
        ("running", "submit", {}, "STARTED"),
        ("waiting", "poll", {}, "STARTED"),
        ("waiting", "poll", {"poll_count": 1}, "POLLING"),
        ("ready", "store", {}, "READY"),
        ("scheduled", "store", {}, "READY"),
        ("running", "store", {}, "DOWNLOADING"),
        ("waiting", "load", {}, "DOWNLOADING"),
        ("completed", "store", {}, "COMPLETED"),
        ("failed", "store", {"error_stage": "download"}, "FAILED"),
        ("failed", "poll", {"error_stage": "polling_timeout"}, "TIMEOUT"),
        ("cancelled", "poll", {}, "CANCELLED"),
        ("paused", "poll", {}, "PAUSED"),
    ],
)
def test_polling_is_told_in_published_words(state: str, queue: str, more: dict[str, Any], shown: str) -> None:
    assert polling_state(row(state, queue, **more)) == shown
