"""The published status of a row: its names are a contract."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.crawling.crawl_status import status_body

BORN = datetime(2025, 7, 9, 14, 52, 30, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": UUID(int=7),
    "snapshot_id": "sd_1",
    "snapshot_dead": False,
    "provider": "bright_data",
    "dataset_id": "gd_1",
    "platform": "facebook",
    "competitor": "nutifood",
    "provider_status": "running",
    "ready_for_download": False,
    "polling_active": True,
    "poll_count": 15,
    "last_poll_time": BORN + timedelta(minutes=7, seconds=30),
    "triggered_at": BORN + timedelta(seconds=1),
    "created_at": BORN,
    "until": BORN + timedelta(minutes=7, seconds=30, microseconds=5),
    "finished_at": None,
    "state": "waiting",
    "queue": "poll",
    "attempt": 1,
    "progress": 0.0,
    "result": None,
    "error_code": None,
    "error_stage": None,
    "error_message": None,
    "error_recovery": None,
    "tries": 0,
    "step": "waiting",
    "want": None,
    "queue_paused": False,
    "due_at": None,
    "poll_due_at": BORN + timedelta(minutes=8),
    "proven": None,
    "metadata": {},
    "source_id": None,
}


def body(usual: float | None = None, **changes: Any) -> dict[str, Any]:
    return status_body({**ROW, **changes}, usual_seconds=usual, polling_enabled=True)


def test_a_waiting_crawl_has_the_published_fields() -> None:
    told = body(usual=600.0)

    assert {name: told[name] for name in told if name not in {"commands", "platform", "competitor", "dataset_id"}} == {
        "crawl_id": str(UUID(int=7)),
        "snapshot_id": "sd_1",
        "provider": "bright_data",
        "brightdata_status": "running",
        "ready_for_download": False,
        "background_processing": {
            "polling_active": True,
            "polling_state": "POLLING",
            "poll_count": 15,
            "estimated_completion": "2025-07-09T15:02:31Z",
            "last_poll_time": "2025-07-09T15:00:00Z",
            "time_elapsed": "7m30s",
        },
        "pipeline_status": "waiting_for_brightdata",
        "attempt": 1,
        "progress": 10.0,
        "waiting_for": {
            "reason": "the provider collects; it is asked at next_try",
            "last_error": None,
            "tries": 0,
            "next_try": "2025-07-09T15:00:30Z",
        },
        "cancel_requested": False,
        "pause_requested": False,
        "metadata": {},
        "source_id": None,
        "result": None,
        "error": None,
        "archived": False,
        "created_at": "2025-07-09T14:52:30Z",
        "finished_at": None,
    }


def test_completion_is_not_estimated_where_it_would_be_a_guess() -> None:
    assert body()["background_processing"]["estimated_completion"] is None
    assert body(600.0, triggered_at=None)["background_processing"]["estimated_completion"] is None
    assert body(600.0, state="failed")["background_processing"]["estimated_completion"] is None


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(seconds=-3), "0m0s"),
        (timedelta(seconds=59), "0m59s"),
        (timedelta(minutes=7, seconds=30), "7m30s"),
        (timedelta(hours=1, minutes=2, seconds=3), "1h2m3s"),
        (timedelta(days=2), "48h0m0s"),
    ],
)
def test_elapsed_time_reads_like_the_published_example(span: timedelta, shown: str) -> None:
    assert body(until=BORN + span)["background_processing"]["time_elapsed"] == shown


@pytest.mark.parametrize(
    ("state", "queue", "progress", "shown"),
    [
        ("ready", "submit", 0, 0.0),
        ("waiting", "poll", 0, 10.0),
        ("ready", "store", 0, 50.0),
        ("running", "store", 72.54, 72.5),
        ("waiting", "load", 95, 95.0),
        ("completed", "store", 100, 100.0),
        ("failed", "store", 60, 60.0),
        ("paused", "poll", 0, 10.0),
        ("paused", "store", 60, 60.0),
    ],
)
def test_progress_never_looks_less_than_its_phase(state: str, queue: str, progress: float, shown: float) -> None:
    assert body(state=state, queue=queue, progress=progress, result={})["progress"] == shown


def test_the_last_proven_result_is_shown_whatever_became_of_later_attempts() -> None:
    proven = {"gcs_path": "file:///a", "row_count": 3, "object_name": "crawls/x", "attempt": 1}
    shown = {"gcs_path": "file:///a", "row_count": 3, "attempt": 1}

    assert body(state="completed", proven=proven, result={"warehouse": "loaded"})["result"] == {
        **shown,
        "warehouse": "loaded",
    }
    for later in ("running", "failed", "cancelled"):
        assert body(state=later, queue="store", attempt=2, proven=proven)["result"] == shown
    assert body(state="running", queue="store")["result"] is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "running", "queue": "submit"}, "the order is being sent"),
        ({"state": "scheduled", "queue": "submit", "due_at": BORN}, "the order is sent again at next_try"),
        (
            {"state": "scheduled", "queue": "submit", "step": "submit_unknown", "due_at": BORN},
            "the provider did not say",
        ),
        ({"state": "ready", "queue": "store"}, "a free worker fetches the result"),
        ({"state": "scheduled", "queue": "store", "due_at": BORN}, "the result is fetched again at next_try"),
        ({"state": "waiting", "queue": "load"}, "the rows are being loaded"),
        ({"state": "paused"}, "somebody paused the crawl"),
        ({"queue_paused": True}, "queue poll is paused"),
    ],
)
def test_a_crawl_that_waits_says_why_and_until_when(changes: dict[str, Any], reason: str) -> None:
    told = body(**changes)["waiting_for"]

    assert told["reason"].startswith(reason)
    assert (told["next_try"] is not None) == ("due_at" in changes)


def test_without_polling_a_waiting_crawl_says_what_to_do() -> None:
    told = status_body(ROW, usual_seconds=None, polling_enabled=False)

    assert told["waiting_for"]["reason"] == "polling is switched off: use download when the provider is done"
    assert (told["waiting_for"]["next_try"], told["background_processing"]["polling_active"]) == (None, False)


def test_a_crawl_that_has_ended_waits_for_nothing() -> None:
    assert [body(state=state)["waiting_for"] for state in ("completed", "failed", "cancelled")] == [None] * 3


def test_a_failure_says_what_where_why_and_what_to_do() -> None:
    kept = {"error_code": "RESULT_CORRUPT", "error_stage": "download", "error_message": "m", "error_recovery": "r"}

    error = body(state="failed", queue="store", **kept)["error"]

    assert error == {"code": "RESULT_CORRUPT", "stage": "download", "message": "m", "recovery": "r"}
    assert body(state="scheduled", queue="store", **kept)["error"] is None
    assert body(state="cancelled")["error"]["stage"] == "cancelled"
