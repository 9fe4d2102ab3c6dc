"""Requests to a provider that answers when a test says so, and a clock that only moves when told."""

import asyncio
from collections.abc import Callable

from schemas.problem import Problem
from services.crawling.governor import Governor, ProviderResting


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Requests:
    """Requests under way at a provider that answers when the test says so."""

    def __init__(self, governor: Governor) -> None:
        self.governor = governor
        self.waiting: list[asyncio.Future[None]] = []
        self.refused = self.answered = 0
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def over(self) -> bool:
        return self.answered + self.refused == len(self._tasks)

    def send(self, count: int) -> None:
        self._tasks += [asyncio.create_task(self._one()) for _ in range(count)]

    async def _one(self) -> None:
        try:
            async with self.governor.turn():
                self.waiting.append(answer := asyncio.get_running_loop().create_future())
                await answer
        except ProviderResting:
            self.refused += 1
        except Problem:
            pass

    async def answer(self, count: int, problem: Problem | None = None) -> None:
        await self.until(lambda: len(self.waiting) >= count)
        self.answered += count
        for answer in [self.waiting.pop(0) for _ in range(count)]:
            if problem is None:
                answer.set_result(None)
            else:
                answer.set_exception(problem)

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110  # what is waited for are numbers of the code under test
                await asyncio.sleep(0.001)

    async def in_flight(self, expected: int) -> int:
        """How many are under way, once as many as expected are; more than those would come at once."""
        await self.until(lambda: len(self.waiting) >= expected)
        await asyncio.sleep(0.02)
        return len(self.waiting)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
