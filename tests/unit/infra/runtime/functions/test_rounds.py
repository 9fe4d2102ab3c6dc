"""Work that is rung for: never twice at once, and never missed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from infra.runtime.functions.rounds import Rounds

LONG = 60.0


class Work:
    """Rounds that a test lets end."""

    def __init__(self) -> None:
        self.begun = 0
        self.at_once = 0
        self.told_to_stop = 0
        self.left = 0
        self.may_end = asyncio.Semaphore(0)

    async def __call__(self, stop: asyncio.Event) -> None:
        self.begun += 1
        self.at_once += 1
        assert self.at_once == 1
        told, free = asyncio.create_task(stop.wait()), asyncio.create_task(self.may_end.acquire())
        await asyncio.wait([told, free], return_when=asyncio.FIRST_COMPLETED)
        self.told_to_stop += stop.is_set()
        for one in (told, free):
            one.cancel()
        self.at_once -= 1

    def more(self) -> None:
        self.left += 1

    async def rounds(self, count: int) -> None:
        async with asyncio.timeout(5):
            while self.begun < count:  # noqa: ASYNC110  # a plain number is looked at
                await asyncio.sleep(0.001)


@asynccontextmanager
async def ringing(rounds: Rounds, work: Work, times: int = 1) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Somebody rings while a round is under way."""
    first = asyncio.create_task(rounds.ring())
    await work.rounds(1)
    tasks = [first, *(asyncio.create_task(rounds.ring()) for _ in range(times))]
    await asyncio.sleep(0)
    yield tasks
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_hundred_rings_during_a_round_make_one_more() -> None:
    work = Work()
    rounds = Rounds(work, stop=asyncio.Event(), seconds=LONG, left=work.more)

    async with ringing(rounds, work, times=100) as tasks:
        for _ in range(2):
            work.may_end.release()
        await asyncio.gather(*tasks)

    assert (work.begun, work.told_to_stop, work.left) == (2, 0, 0)


async def test_who_rings_during_a_round_is_not_answered_by_its_end() -> None:
    work = Work()
    rounds = Rounds(work, stop=asyncio.Event(), seconds=LONG, left=work.more)

    async with ringing(rounds, work) as tasks:
        work.may_end.release()
        await work.rounds(2)

        assert not any(task.done() for task in tasks)
        work.may_end.release()


@pytest.mark.parametrize("told", [True, False])
async def test_a_round_ends_in_time_or_when_told_and_says_that_more_may_be_left(*, told: bool) -> None:
    work, stop = Work(), asyncio.Event()
    rounds = Rounds(work, stop=stop, seconds=LONG if told else 0.05, left=work.more)

    async with ringing(rounds, work, times=3):
        if told:
            stop.set()

    assert (work.begun, work.told_to_stop, work.left) == (1, 1, 1)


async def test_after_its_time_was_up_the_next_ring_has_all_of_it_again() -> None:
    work = Work()
    rounds = Rounds(work, stop=asyncio.Event(), seconds=0.05, left=work.more)

    for _ in range(2):
        async with asyncio.timeout(5):
            await rounds.ring()

    assert (work.begun, work.left) == (2, 2)


async def test_all_who_rang_hear_of_a_failure_and_the_next_ring_tries_again() -> None:
    fails = [True]

    async def work(_: asyncio.Event) -> None:
        await asyncio.sleep(0)
        if fails.pop():
            raise KeyError("x")

    rounds = Rounds(work, stop=asyncio.Event(), seconds=LONG, left=lambda: None)
    ends = await asyncio.gather(rounds.ring(), rounds.ring(), return_exceptions=True)

    assert [type(end) for end in ends] == [KeyError, KeyError]
    fails.append(False)
    await rounds.ring()
    assert fails == []


async def test_who_rang_may_go_away_without_ending_the_round() -> None:
    work = Work()
    rounds = Rounds(work, stop=asyncio.Event(), seconds=LONG, left=work.more)

    async with ringing(rounds, work) as tasks:
        tasks[0].cancel()
        await asyncio.sleep(0)
        assert work.at_once == 1
        for _ in range(2):
            work.may_end.release()
        await tasks[1]
