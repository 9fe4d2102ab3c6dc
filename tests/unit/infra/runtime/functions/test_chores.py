"""The chores of the clock."""

import asyncio

from structlog.testing import capture_logs

from infra.postgres.away import DatabaseAway
from infra.runtime.functions.chores import Chores, once, until_nothing_is_left


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def turns(
    *steps: float, every_seconds: float = 0, broken: Exception | None = None, stop: asyncio.Event | None = None
) -> list[str]:
    """What is done when turns come after these seconds."""
    done: list[str] = []
    clock = Clock()

    async def first() -> None:
        done.append("first")
        if broken is not None:
            raise broken

    async def second() -> None:
        done.append("second")

    chores = Chores([once(first), once(second)], every_seconds=every_seconds, clock=clock)
    for step in steps:
        clock.now += step
        await chores.turn(stop or asyncio.Event())
        done.append("|")
    return "".join(done).split("|")[:-1]


async def test_chores_are_done_at_the_first_turn_and_then_in_their_time() -> None:
    both = "firstsecond"

    assert await turns(0, 59, 1, 59, 61, every_seconds=60) == [both, "", both, "", both]
    assert await turns(0, 0.5, 0.5) == [both, both, both]


async def test_a_chore_that_fails_does_not_keep_the_others_from_running() -> None:
    assert await turns(0, broken=KeyError("x")) == ["firstsecond"]


async def test_without_a_database_the_others_wait_for_the_next_turn() -> None:
    with capture_logs() as logs:
        assert await turns(0, 1, broken=DatabaseAway("restarting")) == ["first", "first"]

    assert [(line["log_level"], line["reason"], "exc_info" in line) for line in logs] == [
        ("warning", "restarting", False)
    ] * 2


async def test_nothing_is_begun_after_the_stop() -> None:
    stop = asyncio.Event()
    stop.set()

    assert await turns(0, stop=stop) == [""]


async def parts_done(*, of: int, stop_after: int | None = None) -> int:
    stop, done = asyncio.Event(), 0

    async def part() -> int:
        nonlocal done
        done += 1
        if done == stop_after:
            stop.set()
        return of - done

    await until_nothing_is_left(part)(stop)
    return done


async def test_a_long_chore_is_done_part_by_part_to_its_end_or_to_the_stop() -> None:
    assert await parts_done(of=4) == 4
    assert await parts_done(of=4, stop_after=2) == 2


async def test_others_get_their_turn_between_the_parts() -> None:
    long = asyncio.create_task(parts_done(of=3))
    await asyncio.sleep(0)

    assert not long.done()
    assert await long == 3
