"""What local-bigquery forgets: a job of an id is started once, however many ask at the same moment."""

import threading
from collections.abc import Callable

import pytest

from infra.local.emulators.bigquery_guard import one_at_a_time

Start = Callable[[str], None]


class Jobs:
    """Looks first and makes then, as local-bigquery does; whoever looked waits for another who looks, in vain alone."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._looked = threading.Barrier(2, timeout=1.0)

    def submit(self, job_id: str) -> None:
        if job_id in self.made:
            raise KeyError(job_id)
        try:
            self._looked.wait()
        except threading.BrokenBarrierError:
            self._looked.reset()
        self.made.append(job_id)


def twice_at_once(start: Start) -> int:
    """How many of two who ask for the same job at once are refused."""
    refused = []

    def ask() -> None:
        try:
            start("load-1")
        except KeyError as error:
            refused.append(error)

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    return len(refused)


def test_of_two_who_start_a_job_at_once_one_is_refused() -> None:
    jobs = Jobs()

    assert twice_at_once(one_at_a_time(jobs.submit)) == 1
    assert jobs.made == ["load-1"]


def test_control_without_the_guard_both_start_it() -> None:
    jobs = Jobs()

    assert twice_at_once(jobs.submit) == 0
    assert jobs.made == ["load-1", "load-1"]


def test_what_a_start_answers_or_raises_is_the_callers() -> None:
    answering, raising = one_at_a_time(lambda number: number + 1), one_at_a_time({}.__getitem__)

    assert answering(1) == 2
    for _ in range(2):  # the turn is given back
        with pytest.raises(KeyError):
            raising("nothing")
