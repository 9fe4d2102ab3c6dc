"""The chores of the clock."""

import asyncio

from infra.runtime.sweep import Sweep


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def turns(*steps: float, broken: bool = False, stop: asyncio.Event | None = None) -> list[str]:
    """What is done when turns come after these seconds."""
    done: list[str] = []
    clock = Clock()

    async def often() -> None:
        done.append("often")
        if broken:
            raise KeyError("x")

    async def seldom() -> None:
        done.append("seldom")

    sweep = Sweep(often=[often], seldom=[seldom], seldom_seconds=60, clock=clock)
    for step in steps:
        clock.now += step
        await sweep.turn(stop or asyncio.Event())
    return done


async def test_everything_is_done_at_the_first_turn_and_the_rest_in_its_time() -> None:
    assert await turns(0, 59, 1, 59, 61) == ["often", "seldom", "often", "often", "seldom", "often", "often", "seldom"]


async def test_a_chore_that_fails_does_not_keep_the_others_from_running() -> None:
    assert await turns(0, broken=True) == ["often", "seldom"]


async def test_nothing_is_begun_after_the_stop() -> None:
    stop = asyncio.Event()
    stop.set()

    assert await turns(0, stop=stop) == []
