"""One stream's turn: how many of its messages wait for their retry, and when another stream should follow.

Pub/Sub counts them among those a stream may have outstanding until they come again; it counts anew for each stream.
"""

import asyncio
import bisect

_FAREWELL = 1.0  # seconds for Pub/Sub to end a stream


class Waiting:
    """Moments of the loop's clock at which messages come again; the messages themselves lie with Pub/Sub."""

    def __init__(self) -> None:
        self._due: list[float] = []

    def add(self, seconds: float) -> None:
        """One more, for so long."""
        bisect.insort(self._due, asyncio.get_running_loop().time() + seconds)

    def count(self) -> int:
        """How many wait now."""
        del self._due[: bisect.bisect(self._due, asyncio.get_running_loop().time())]
        return len(self._due)


class Turn:
    """From a stream's first request to its last; ``over`` is set when we say goodbye. Enter it around the stream."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.waiting = Waiting()
        self.limit = asyncio.timeout(None)

    def end(self) -> None:
        """Say goodbye; who does not end the stream then is cut off."""
        if not self.over.is_set():
            self.over.set()
            self.limit.reschedule(asyncio.get_running_loop().time() + _FAREWELL)
