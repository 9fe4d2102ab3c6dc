"""How many streams each caller has open in this process."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from infra.runtime.auth.caller import Caller
from infra.runtime.events.feed import TooManyStreams
from infra.runtime.runtime import Runtime

EACH = 5


class Streams:
    """Counts by name; while authentication is off nobody has one, and nobody is counted."""

    def __init__(self, each: int = EACH) -> None:
        self._each = each
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, caller: Caller) -> Iterator[None]:
        """One more while the block runs. Raises ``TooManyStreams``."""
        if caller.name is None:
            yield
            return
        if self._open[caller.name] >= self._each:
            raise TooManyStreams(f"You have {self._each} streams open", retry_after=30, limit=self._each)
        self._open[caller.name] += 1
        try:
            yield
        finally:
            self._open[caller.name] -= 1
            if not self._open[caller.name]:
                del self._open[caller.name]


def streams(_: Runtime) -> Streams:
    """The streams of a process, through ``runtime.once(streams)``."""
    return Streams()
