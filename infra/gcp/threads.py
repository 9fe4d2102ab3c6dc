"""Threads for one product's blocking client: what hangs there stops neither files nor look-ups nor other products."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from infra.embedded.threads import stoppable

P = ParamSpec("P")
T = TypeVar("T")

MOST = 16  # calls at once; more wait for their turn


class Threads:
    """At most ``MOST``, started when first needed; named after the ``product``."""

    def __init__(self, product: str) -> None:
        self._pool = ThreadPoolExecutor(MOST, thread_name_prefix=product)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run blocking work here; a cancellation is raised when the work has ended, never before.

        Raises what the work raises.
        """
        return await self.stoppable(lambda: work(*args, **kwargs), stop=lambda: None)

    async def stoppable(self, work: Callable[[], T], *, stop: Callable[[], object]) -> T:
        """Like ``run``; ``stop`` is called on a cancellation and makes the work end soon."""
        return await stoppable(work, stop=stop, pool=self._pool)

    def begin(self, work: Callable[[], object]) -> None:
        """Have work done here for which nobody waits."""
        self._pool.submit(work)

    def close(self) -> None:
        """Take no more work; what runs is not waited for, and its thread ends with it."""
        self._pool.shutdown(wait=False, cancel_futures=True)
