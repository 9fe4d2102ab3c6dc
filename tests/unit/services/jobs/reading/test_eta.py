"""How long a job will still take, and when nobody can know."""

from datetime import UTC, datetime, timedelta

import pytest

from services.jobs.reading.eta import ENOUGH, like, running_seconds, size_of, waiting_seconds
from services.jobs.store.durations import End

NOW = datetime(2026, 1, 2, tzinfo=UTC)
USUAL = [60.0] * ENOUGH


def ends(count: int, *, seconds: float = 10.0, every: float = 1.0, size: float | None = None) -> list[End]:
    return [End(NOW - timedelta(seconds=every * (n + 1)), seconds, size) for n in range(count)]


def test_too_few_jobs_before_say_nothing() -> None:
    assert like(ends(ENOUGH - 1), size=None) == []
    assert like(ends(ENOUGH), size=None) == [10.0] * ENOUGH


def test_jobs_of_about_the_same_size_count_where_they_are_enough() -> None:
    small, large = ends(30, seconds=1.0, size=2_000.0), ends(30, seconds=100.0, size=5_000_000.0)

    assert set(like(small + large, size=9_999.0)) == {1.0}
    assert set(like(small + large, size=1_000_000.0)) == {100.0}
    assert set(like(small + large, size=None)) == {1.0, 100.0}  # none are like it: all of them count


def test_a_job_at_its_start_takes_what_others_took() -> None:
    assert running_seconds(USUAL, elapsed=0.0, progress=0.0, per_second=0.0) == 60.0
    assert running_seconds(USUAL, elapsed=20.0, progress=1.0, per_second=0.05) == 40.0


def test_of_those_that_took_longer_than_it_already_did_the_middle_one_counts() -> None:
    durations = [10.0] * 50 + [100.0, 100.0, 200.0, 300.0, 300.0]

    assert running_seconds(durations, elapsed=50.0, progress=0.0, per_second=0.0) == 150.0


def test_a_job_without_likes_takes_as_long_as_its_speed_says() -> None:
    assert running_seconds([], elapsed=10.0, progress=25.0, per_second=2.5) == 30.0


@pytest.mark.parametrize(("progress", "expected"), [(10.0, 0.2 * 90 + 0.8 * 50), (50.0, 50.0), (90.0, 10.0)])
def test_the_further_a_job_is_the_more_its_own_speed_counts(progress: float, expected: float) -> None:
    assert running_seconds(USUAL, elapsed=10.0, progress=progress, per_second=1.0) == pytest.approx(expected)


def test_one_that_took_very_long_once_says_nothing() -> None:
    usual = [1.0] * 499 + [10_000.0]

    assert running_seconds(usual, elapsed=2.0, progress=0.0, per_second=0.0) is None
    assert running_seconds(usual, elapsed=2.0, progress=10.0, per_second=5.0) == 18.0


@pytest.mark.parametrize(
    ("usual", "expected"), [([1.5] * 20, 0.3 * 6.8 + 0.7 * 6.8 / 3), ([900.0] * 20, 0.3 * 6.8 + 0.7 * 6.8 * 3)]
)
def test_others_lead_the_estimate_only_so_far_away_from_its_own_speed(usual: list[float], expected: float) -> None:
    speed = 12.5

    assert running_seconds(usual, elapsed=1.2, progress=15.0, per_second=speed) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("usual", "elapsed", "progress", "per_second"),
    [([], 10.0, 4.9, 1.0), ([], 10.0, 50.0, 0.0), (USUAL, 60.0, 0.0, 0.0), ([], 0.0, 0.0, 0.0)],
)
def test_where_it_would_be_a_guess_nothing_is_said(
    usual: list[float], elapsed: float, progress: float, per_second: float
) -> None:
    assert running_seconds(usual, elapsed=elapsed, progress=progress, per_second=per_second) is None


def test_a_job_waits_for_those_ahead_as_fast_as_jobs_ended_lately() -> None:
    assert waiting_seconds(50, ends(ENOUGH, every=2.0), now=NOW) == 100.0
    assert waiting_seconds(0, [], now=NOW) == 0.0


@pytest.mark.parametrize("known", [ends(ENOUGH - 1), ends(ENOUGH, every=600.0), []])
def test_nobody_knows_how_long_a_job_waits_where_nothing_ended_lately(known: list[End]) -> None:
    assert waiting_seconds(1, known, now=NOW) is None


@pytest.mark.parametrize(("said", "size"), [(5, 5.0), (0.5, 0.5), (True, None), ("5", None), (None, None)])
def test_a_size_is_a_number_of_bytes(said: object, size: float | None) -> None:
    assert size_of({"size_bytes": said}) == size
