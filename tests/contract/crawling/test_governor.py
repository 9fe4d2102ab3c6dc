"""Politeness with a clock that only moves when told; the circuit is shared through a real PostgreSQL."""

import asyncio
import time

import pytest

from infra.postgres.database import Database
from schemas.problem import Problem
from services.crawling.governor import FIRST_WINDOW, MAX_FAILURES, MAX_REFUSALS, Governor, ProviderResting
from services.crawling.provider_problems import (
    NotReady,
    ProviderAuth,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
    SubmitUnknown,
)
from services.crawling.store import health
from tests.contract.crawling.traffic import Clock, Requests


@pytest.fixture
def clock() -> Clock:
    return Clock()


def governed(database: Database, clock: Clock, *, concurrency: int = 50) -> Governor:
    return Governor("bright_data", database, per_second=100_000, concurrency=concurrency, clock=clock)


async def ask(governor: Governor, problem: Problem | None = None) -> None:
    async with governor.turn():
        if problem is not None:
            raise problem


async def fail(governor: Governor, problem: Problem, times: int, clock: Clock, *, step: float = 10.0) -> None:
    for _ in range(times):
        with pytest.raises(type(problem)):
            await ask(governor, problem)
        clock.now += step


async def test_the_window_starts_small_and_opens_with_every_answer(database: Database, clock: Clock) -> None:
    requests = Requests(governed(database, clock))
    requests.send(40)
    expected = [FIRST_WINDOW, 2 * FIRST_WINDOW, 4 * FIRST_WINDOW, 40 - 7 * FIRST_WINDOW]
    seen = []
    for window in expected:
        seen.append(await requests.in_flight(window))
        await requests.answer(seen[-1])
    await requests.end()

    assert seen == expected


async def test_the_window_never_opens_beyond_the_agreed_concurrency(database: Database, clock: Clock) -> None:
    requests = Requests(governed(database, clock, concurrency=6))
    requests.send(40)
    await requests.answer(await requests.in_flight(FIRST_WINDOW))
    await requests.answer(await requests.in_flight(6))
    seen = await requests.in_flight(6)
    await requests.end()

    assert seen == 6


async def test_one_refusal_closes_the_window_and_turns_away_who_waits(database: Database, clock: Clock) -> None:
    requests = Requests(governor := governed(database, clock))
    requests.send(30)
    await requests.answer(FIRST_WINDOW)
    on_their_way = await requests.in_flight(2 * FIRST_WINDOW) - 1

    await requests.answer(1, ProviderRateLimited("429", retry_after=7))
    await requests.until(lambda: requests.refused == 30 - FIRST_WINDOW - 1 - on_their_way)

    assert governor.resting_seconds == 7
    await requests.answer(on_their_way, ProviderRateLimited("429", retry_after=7))
    await requests.until(lambda: governor._in_flight == 0)
    clock.now += 200
    requests.send(20)
    opened = await requests.in_flight(1)
    await requests.end()
    assert opened == 1


async def test_a_download_gives_its_place_back_when_it_has_begun(database: Database, clock: Clock) -> None:
    governor = governed(database, clock, concurrency=1)

    async with governor.turn() as begun:
        waiting = asyncio.create_task(ask(governor))
        refused = await asyncio.wait([waiting], timeout=0.05)
        await begun()
        await asyncio.wait_for(waiting, 5)

    assert refused == (set(), {waiting})
    assert governor._in_flight == 0


async def test_requests_keep_to_the_rate_after_a_first_burst(database: Database) -> None:
    governor = Governor("bright_data", database, per_second=100, concurrency=50)
    started = time.monotonic()

    await asyncio.gather(*(ask(governor) for _ in range(FIRST_WINDOW + 30)))

    assert time.monotonic() - started >= 0.29


async def test_the_circuit_opens_at_the_fifth_refusal_for_every_process(database: Database, clock: Clock) -> None:
    governor, elsewhere = governed(database, clock), governed(database, clock)
    await fail(governor, ProviderRateLimited("429", retry_after=1), MAX_REFUSALS - 2, clock)
    await fail(elsewhere, ProviderRateLimited("429", retry_after=1), 1, clock)
    async with database.reading() as tx:
        assert await health.resting_seconds(tx) == {}

    await fail(governor, ProviderRateLimited("429", retry_after=1), 1, clock)

    async with database.reading() as tx:
        shared = await health.resting_seconds(tx)
    assert 140 < shared["bright_data"] <= 150
    with pytest.raises(ProviderResting) as resting:
        await ask(governor)
    assert resting.value.retry_after == pytest.approx(140)
    elsewhere.rest(shared["bright_data"])
    with pytest.raises(ProviderResting):
        await ask(elsewhere)


async def test_a_storm_of_refusals_stays_far_below_what_gets_an_address_blocked(
    database: Database, clock: Clock
) -> None:
    requests = Requests(governor := governed(database, clock))
    for _ in range(30):  # five minutes
        requests.send(10)
        while not requests.over:
            await requests.until(lambda: bool(requests.waiting) or requests.over)
            await requests.answer(len(requests.waiting), ProviderRateLimited("429", retry_after=1))
            await requests.until(lambda: governor._in_flight == len(requests.waiting))
        clock.now += 10
    await requests.end()

    assert MAX_REFUSALS <= requests.answered <= 12


async def test_refusals_that_are_long_ago_do_not_count(database: Database, clock: Clock) -> None:
    governor = governed(database, clock)
    await fail(governor, ProviderRateLimited("429", retry_after=1), MAX_REFUSALS - 1, clock)
    async with database.transaction() as tx:
        await tx.execute(
            "UPDATE provider_health SET refusals = array(SELECT t - interval '301 s' FROM unnest(refusals) AS t)"
        )

    await fail(governor, ProviderRateLimited("429", retry_after=1), 1, clock)

    await ask(governor)


@pytest.mark.parametrize("problem", [ProviderUnavailable("503"), SubmitUnknown("the answer got lost")])
async def test_the_circuit_opens_when_nothing_is_answered_any_more(
    database: Database, clock: Clock, problem: Problem
) -> None:
    governor = governed(database, clock)

    await fail(governor, problem, MAX_FAILURES, clock)

    async with database.reading() as tx:
        assert 0 < (await health.resting_seconds(tx))["bright_data"] <= 2


async def test_a_provider_that_stays_away_is_left_alone_longer_each_time_up_to_a_minute(
    database: Database, clock: Clock
) -> None:
    governor, rests = governed(database, clock), []
    await fail(governor, ProviderUnavailable("503"), MAX_FAILURES - 1, clock)
    for _ in range(7):
        with pytest.raises(ProviderUnavailable):
            await ask(governor, ProviderUnavailable("503"))
        rests.append(governor.resting_seconds)
        clock.now += rests[-1]

    assert rests == [2, 4, 8, 16, 32, 60, 60]


async def test_one_answer_ends_a_row_of_failures(database: Database, clock: Clock) -> None:
    governor = governed(database, clock)
    for _ in range(3):
        await fail(governor, ProviderUnavailable("503"), MAX_FAILURES - 1, clock)
        await ask(governor)

    await ask(governor)


@pytest.mark.parametrize("problem", [NotReady("202"), ProviderRejected("400")])
async def test_an_answer_nobody_likes_is_still_an_answer(database: Database, clock: Clock, problem: Problem) -> None:
    governor = governed(database, clock)

    await fail(governor, problem, 2 * MAX_FAILURES, clock)

    await ask(governor)


async def test_refused_credentials_are_not_tried_again_for_a_minute(database: Database, clock: Clock) -> None:
    governor = governed(database, clock)
    with pytest.raises(ProviderAuth):
        await ask(governor, ProviderAuth("401"))

    with pytest.raises(ProviderResting):
        await ask(governor)
    clock.now += 60.1
    await ask(governor)
