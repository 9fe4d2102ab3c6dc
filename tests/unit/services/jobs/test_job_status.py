"""A job's state in the words that users see."""

from itertools import product

import pytest

from services.jobs.shapes import ENDED, STATUSES, STEPS_AS_STATUS, status

STATES = ("ready", "scheduled", "waiting", "running", "paused", *ENDED)


@pytest.mark.parametrize(
    ("state", "step", "tries", "started", "expected"),
    [
        ("ready", None, 0, False, "queued"),
        ("scheduled", None, 0, False, "queued"),
        ("waiting", None, 0, False, "queued"),
        ("ready", None, 1, True, "retrying"),
        ("scheduled", "extracting", 2, True, "retrying"),
        ("ready", "storing", 0, True, "processing"),
        ("scheduled", "polling", 0, True, "processing"),
        ("waiting", "polling", 0, True, "processing"),
        ("running", None, 0, True, "processing"),
        ("running", "storing", 0, True, "processing"),
        ("running", None, 3, True, "processing"),
        *(("running", step, 0, True, step) for step in STEPS_AS_STATUS),
        ("waiting", "extracting", 0, True, "extracting"),
        ("paused", "extracting", 2, True, "paused"),
        ("paused", None, 0, False, "paused"),
        *((ended, "classifying", 2, True, ended) for ended in ENDED),
    ],
)
def test_a_job_has_the_status_of_what_it_does(
    state: str, step: str | None, tries: int, *, started: bool, expected: str
) -> None:
    assert status(state=state, step=step, tries=tries, started=started) == expected


def test_there_is_a_status_for_everything_and_none_that_is_not_listed() -> None:
    steps = (None, "storing", *STEPS_AS_STATUS)
    found = {
        status(state=state, step=step, tries=tries, started=started)
        for state, step, tries, started in product(STATES, steps, (0, 2), (False, True))
    }

    assert found == set(STATUSES)
