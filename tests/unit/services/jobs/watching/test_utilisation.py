"""How much of the workers' room is used."""

from typing import Any

from services.jobs.watching.utilisation import utilisation


def worker(slots: dict[str, int], busy: dict[str, int]) -> dict[str, Any]:
    return {"slots": slots, "busy": busy}


def test_a_full_queue_is_seen_beside_much_idle_room() -> None:
    found = utilisation([worker({"q": 2, "idle": 100}, {"q": 2})])

    assert found["utilisation"] == 100.0
    assert found["queues"] == [
        {"queue": "idle", "slots": 100, "busy": 0, "utilisation": 0.0},
        {"queue": "q", "slots": 2, "busy": 2, "utilisation": 100.0},
    ]


def test_the_room_of_a_queue_is_that_of_all_processes() -> None:
    found = utilisation([worker({"q": 4}, {"q": 3}), worker({"q": 4}, {})])

    assert (found["count"], found["slots"], found["busy"], found["utilisation"]) == (2, 8, 3, 37.5)


def test_jobs_whose_end_is_being_written_do_not_overfill_a_queue() -> None:
    assert utilisation([worker({"q": 2}, {"q": 3})])["utilisation"] == 100.0


def test_nobody_is_not_idle() -> None:
    assert utilisation([])["utilisation"] is None
