"""One reader of a feed, and how far it may fall behind."""

import asyncio
import contextlib
from collections import deque
from typing import Generic

from infra.postgres.log import Line, Told, Wanted


class Listener(Generic[Line]):
    """One reader's queue. ``lost`` says that it was too slow: what it has is in order, what follows is missing."""

    def __init__(self, wanted: Wanted[Line], size: int) -> None:
        self.lost = False
        self.closed = False
        self._wanted = wanted
        self._size = size
        self._told: deque[Told[Line]] = deque()
        self._news = asyncio.Event()

    def offer(self, told: Told[Line]) -> None:
        """Queue a line, or mark the listener lost when there is no room."""
        if self.lost or told.line not in self._wanted:
            return
        if len(self._told) < self._size:
            self._told.append(told)
            self._news.set()
        else:
            self.lose()

    @property
    def room(self) -> int:
        """How many lines it can still be told; without end once it is lost."""
        return self._size if self.lost or self.closed else self._size - len(self._told)

    def lose(self) -> None:
        """It is too slow: what it has is all it gets."""
        self.lost = True
        self._news.set()

    def close(self) -> None:
        """Tell the reader that nothing follows."""
        self.closed = True
        self._news.set()

    async def next(self, timeout: float) -> Told[Line] | None:  # noqa: ASYNC109  # ending without a line is no error
        """The next line; None when there is none within ``timeout`` seconds, or nothing follows."""
        if timeout > 0 and not self._told:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await self._something()
        return self._told.popleft() if self._told and not self.closed and timeout > 0 else None

    async def _something(self) -> None:
        while not self._told and not self.lost and not self.closed:
            self._news.clear()
            await self._news.wait()
