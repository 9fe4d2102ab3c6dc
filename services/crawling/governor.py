"""Politeness: how fast, how many at once, and when to leave a provider alone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import ClassVar

import structlog

from infra.postgres.database import Database
from schemas.problem import Problem, ProblemClass
from services.crawling.provider_problems import DatasetFull
from services.crawling.store import health

log = structlog.get_logger()

REFUSAL_WINDOW_SECONDS = 300.0  # Bright Data blocks an address at 25 refusals in this window
MAX_REFUSALS = 5
MAX_FAILURES = 10
FIRST_WINDOW = 4  # requests in flight before the provider has shown that it bears more


class ProviderResting(Problem):
    """The circuit of this provider is open: it is left alone for a while."""

    code: ClassVar[str] = "PROVIDER_UNAVAILABLE"
    kind: ClassVar[ProblemClass] = ProblemClass.RETRY
    status: ClassVar[int] = 503
    title: ClassVar[str] = "The provider refused or failed too often and is left alone for a while"
    recovery: ClassVar[str] = "Nothing to do: asking goes on by itself when the provider has recovered."
    remedy: ClassVar[str | None] = "Retry when the provider has recovered."


class Governor:
    """One provider's rate, window and circuit.

    The rate is a bucket of one second. The window of requests in flight starts small, grows with every answer up to
    ``concurrency`` and collapses with a refusal. The circuit is shared by all processes through the database: it opens
    at 5 refusals in 5 minutes. What was under way then is refused as well, so with up to 20 in flight, and one more
    request each time it opens, the provider sees less than the 25 refusals at which it blocks.
    """

    def __init__(
        self,
        provider: str,
        database: Database,
        *,
        per_second: float,
        concurrency: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider = provider
        self._database = database
        self._per_second = per_second
        self._concurrency = concurrency
        self._clock = clock
        self._window = float(min(FIRST_WINDOW, concurrency))
        self._in_flight = 0
        self._tokens = min(per_second, FIRST_WINDOW)
        self._filled_at = clock()
        self._resting_until = 0.0
        self._failing = False
        self._room = asyncio.Condition()

    @property
    def resting_seconds(self) -> float:
        """How long nobody may ask, as far as this process knows."""
        return max(0.0, self._resting_until - self._clock())

    def rest(self, seconds: float) -> None:
        """Learn from elsewhere that the circuit is open."""
        self._resting_until = max(self._resting_until, self._clock() + seconds)

    @property
    def room(self) -> int:
        """How many requests are worth having in hand: those under way, and as many to follow them."""
        return 2 * int(self._window)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """One request to the provider. Raises ``ProviderResting`` instead while the circuit is open.

        What it yields gives the place in the window back early: a download, once it has begun, is not refused any
        more, and would keep short requests out for minutes.
        """
        async with AsyncExitStack() as place:
            await place.enter_async_context(self._place())
            await self._token()
            self._refuse_while_resting()
            try:
                yield place.aclose
            except Problem as problem:
                await self._judge(problem)
                raise
            await self._answered()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        async with self._room:
            await self._room.wait_for(lambda: self._in_flight < int(self._window) or self.resting_seconds > 0)
            self._refuse_while_resting()
            self._in_flight += 1
        try:
            yield
        finally:
            async with self._room:
                self._in_flight -= 1
                # one place came free, and an answer may have opened more; all are told to go when the circuit opened
                free = int(self._window) - self._in_flight
                self._room.notify(max(1, free) if self.resting_seconds == 0 else self._concurrency)

    def _refuse_while_resting(self) -> None:
        if self.resting_seconds > 0:
            raise ProviderResting(f"{self.provider} is left alone", retry_after=self.resting_seconds)

    async def _token(self) -> None:
        now = self._clock()
        self._tokens = min(self._per_second, self._tokens + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        self._tokens -= 1
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._per_second)

    async def _answered(self) -> None:
        self._window = min(float(self._concurrency), self._window + 1)
        if self._failing:
            self._failing = False
            async with self._database.transaction() as tx:
                await health.answered(tx, self.provider)

    async def _judge(self, problem: Problem) -> None:
        if isinstance(problem, DatasetFull):
            await self._count_refusal(most=2 * MAX_REFUSALS)
        elif problem.code == "PROVIDER_RATE_LIMITED":
            await self._refused(problem)
        elif _no_answer(problem):
            await self._unanswered()
        elif problem.code == "PROVIDER_AUTH":
            await self._open(60.0, "credentials refused")
        else:
            await self._answered()

    async def _refused(self, problem: Problem) -> None:
        self._window = 1.0
        self.rest(problem.retry_after or 2.0)
        await self._count_refusal(most=MAX_REFUSALS)

    async def _count_refusal(self, *, most: int) -> None:
        async with self._database.transaction() as tx:
            count = await health.refused(tx, self.provider, window_seconds=REFUSAL_WINDOW_SECONDS)
        if count >= most:
            await self._open(REFUSAL_WINDOW_SECONDS / 2, f"{count} refusals in 5 minutes")

    async def _unanswered(self) -> None:
        self._failing = True
        self._window = max(1.0, self._window / 2)
        async with self._database.transaction() as tx:
            count = await health.failed(tx, self.provider)
        if count >= MAX_FAILURES:
            await self._open(min(60.0, 2.0 * 2 ** min(5, count - MAX_FAILURES)), f"{count} failures in a row")

    async def _open(self, seconds: float, why: str) -> None:
        log.warning("provider rests", provider=self.provider, seconds=seconds, why=why)
        self.rest(seconds)
        async with self._database.transaction() as tx:
            await health.rest(tx, self.provider, seconds=seconds)


def _no_answer(problem: Problem) -> bool:
    broken = problem.code == "PROVIDER_UNAVAILABLE" and problem.kind is ProblemClass.RETRY
    return problem.kind is ProblemClass.AMBIGUOUS or (broken and problem.status >= 500)  # noqa: PLR2004  # HTTP
