"""What a poll's answer means, by the clock of the row that was claimed."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from schemas.problem import Problem
from services.crawling.policy import Policy
from services.crawling.polling.verdict import (
    MAX_MISSES,
    WATCH_FOR,
    WATCH_SECONDS,
    Over,
    PollingTimeout,
    ProviderJobFailed,
    ProviderStalled,
    Ready,
    judge,
    judge_problem,
)
from services.crawling.ports import Progress
from services.crawling.provider_problems import (
    ProviderAuth,
    ProviderRateLimited,
    ProviderUnavailable,
    ResultExpired,
    SnapshotMissing,
)
from services.crawling.store.polls import Due, Note

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
POLICY = Policy(poll_interval=30, max_polls=120, stall=1800, deadline=timedelta(hours=24))


def due(*, waited: float = 300, still: float = 0, **more: Any) -> Due:
    given = {"answered": 0, "misses": 0, "watching": False, "marker": "running", "token": 1, **more}
    return Due(
        crawl_id=UUID(int=1),
        provider="bright_data",
        snapshot_id="sd_1",
        moved_at=NOW - timedelta(seconds=still),
        started_at=NOW - timedelta(seconds=waited),
        asked_at=NOW,
        **given,
    )


def pending(status: str = "running", **more: Any) -> Progress:
    return Progress(state="pending", status=status, **{"marker": status, **more})


def noted(verdict: object) -> Note:
    assert isinstance(verdict, Note)
    return verdict


def problem_of(verdict: object) -> Problem:
    assert isinstance(verdict, Over)
    return verdict.problem


def missed(given: Due, problem: Problem) -> object:
    return judge_problem(given, problem, policy=POLICY, random=Random(1))


def test_pending_is_asked_again_after_the_interval_and_counts_as_one_answer() -> None:
    note = noted(judge(due(), pending(), policy=POLICY))

    assert (note.seconds, note.answered, note.missed) == (30, 1, 0)
    assert (note.status, note.marker) == ("running", "running")


@pytest.mark.parametrize("word", ["closing", "building", "digesting", "something new"])
def test_a_word_nobody_knows_is_still_pending(word: str) -> None:
    assert noted(judge(due(), pending(word), policy=POLICY)).status == word


def test_what_the_provider_asks_for_wins_over_the_interval() -> None:
    assert noted(judge(due(), pending(retry_after=77.0), policy=POLICY)).seconds == 77


def test_ready_is_ready_even_at_the_last_poll_and_after_the_deadline() -> None:
    ready = Progress(state="ready", status="ready", records=3)

    for given in (due(), due(answered=500), due(waited=10**6), due(still=10**6), due(watching=True)):
        assert judge(given, ready, policy=POLICY) == Ready(progress=ready)


def test_failed_is_over_with_the_providers_own_sentence() -> None:
    said = judge(due(), Progress(state="failed", status="failed", message="Account is suspended"), policy=POLICY)
    silent = judge(due(), Progress(state="failed", status="canceled"), policy=POLICY)

    assert isinstance(problem_of(said), ProviderJobFailed)
    assert problem_of(said).detail == "Account is suspended"
    assert problem_of(silent).detail == "canceled"


def test_the_last_agreed_poll_is_a_timeout_and_the_one_before_is_not() -> None:
    assert isinstance(judge(due(answered=118), pending(), policy=POLICY), Note)

    over = problem_of(judge(due(answered=119, waited=3600), pending(), policy=POLICY))

    assert isinstance(over, PollingTimeout)
    assert over.detail == "Polling timeout after 120 polls (60 minutes)"
    assert over.code == "DEADLINE_EXCEEDED"


def test_no_headway_for_too_long_is_a_stall_and_headway_is_not() -> None:
    assert isinstance(judge(due(still=1800), pending(), policy=POLICY), Note)
    assert isinstance(judge(due(still=1801), pending("closing"), policy=POLICY), Note)

    assert isinstance(problem_of(judge(due(still=1801), pending(), policy=POLICY)), ProviderStalled)


def test_the_deadline_ends_a_crawl_that_makes_headway() -> None:
    day = timedelta(hours=24).total_seconds()

    assert isinstance(judge(due(waited=day), pending(), policy=POLICY), Note)
    assert isinstance(problem_of(judge(due(waited=day + 1), pending(), policy=POLICY)), PollingTimeout)


def test_a_snapshot_unknown_to_the_provider_is_tolerated_for_a_minute() -> None:
    early = noted(missed(due(waited=59), SnapshotMissing("404")))

    assert (early.answered, early.missed) == (0, 1)
    assert early.seconds <= 5
    assert isinstance(problem_of(missed(due(waited=60), SnapshotMissing("404"))), SnapshotMissing)


@pytest.mark.parametrize("problem", [ProviderAuth("401"), ResultExpired("410")])
def test_a_final_refusal_is_over_at_once(problem: Problem) -> None:
    assert problem_of(missed(due(waited=1), problem)) is problem


def test_no_answer_is_a_miss_that_waits_longer_each_time_up_to_a_cap() -> None:
    waits = [
        [
            noted(judge_problem(due(misses=n), ProviderUnavailable("x"), policy=POLICY, random=Random(s))).seconds
            for s in range(50)
        ]
        for n in (0, 3, 15)
    ]

    assert [max(some) <= cap for some, cap in zip(waits, (2, 16, 60), strict=True)] == [True, True, True]
    assert max(waits[0]) < max(waits[1]) < max(waits[2])
    assert noted(missed(due(), ProviderUnavailable("x"))).missed == 1


def test_too_many_misses_in_a_row_are_over_with_the_last_problem() -> None:
    problem = ProviderUnavailable("down")

    assert isinstance(missed(due(misses=MAX_MISSES - 2), problem), Note)
    assert problem_of(missed(due(misses=MAX_MISSES - 1), problem)) is problem


def test_a_refusal_for_now_is_no_miss_and_waits_as_told() -> None:
    told = noted(missed(due(misses=MAX_MISSES), ProviderRateLimited("429", retry_after=40)))
    untold = noted(missed(due(misses=MAX_MISSES), ProviderRateLimited("429")))

    assert 40 <= told.seconds <= 44
    assert (told.missed, untold.missed) == (0, 0)


def test_refusals_without_end_are_over_at_the_deadline() -> None:
    problem = ProviderRateLimited("429", retry_after=40)

    assert isinstance(missed(due(waited=24 * 3600), problem), Note)
    assert problem_of(missed(due(waited=24 * 3600 + 1), problem)) is problem


def test_a_watched_snapshot_is_asked_seldom_and_neither_times_out_nor_stalls() -> None:
    late = due(watching=True, answered=5000, waited=10**6, still=10**6, misses=MAX_MISSES)

    assert noted(judge(late, pending(retry_after=1.0), policy=POLICY)).seconds == WATCH_SECONDS
    assert isinstance(missed(late, ProviderUnavailable("x")), Note)


def test_watching_ends_when_no_provider_keeps_the_result_any_more() -> None:
    old = due(watching=True, waited=WATCH_FOR.total_seconds() + 1)

    assert problem_of(judge(old, pending(), policy=POLICY)).code == "RESULT_EXPIRED"
    assert isinstance(missed(old, ProviderUnavailable("x")), Over)
