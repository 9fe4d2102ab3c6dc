"""The connections of a process: a pool, and the few used last at hand."""

import contextlib
from typing import Any

import asyncpg

from infra.postgres.away import AWAY, answering


class Connections:
    """Lends connections of a pool, one at a time to each.

    Giving one back to the pool and taking it again costs more than many a statement, so up to ``at_hand`` of them stay
    here between two uses. Nobody waits for these: who finds none here waits at the pool, and is served first.
    """

    def __init__(self, pool: Any, *, at_hand: int) -> None:
        self._pool = pool
        self._at_hand: list[Any] = []
        self._room = at_hand
        self._waiting = 0

    def one(self) -> "Loan":
        """A connection for a block. Raises ``DatabaseAway`` on entry, and for what the block raises of that kind."""
        return Loan(self)

    async def take(self) -> Any:
        """A connection; raises what the driver raises if there is none to be had."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if _works(connection):
                return connection
            await self._give_up(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def give_back(self, connection: Any, *, clean: bool) -> None:
        """Let others have it; only a ``clean`` one, whose last use ended well, may stay at hand."""
        if clean and not self._waiting and len(self._at_hand) < self._room and _works(connection):
            self._at_hand.append(connection)
        else:
            await self._give_up(connection)

    async def put_away(self) -> None:
        """Give the pool what is at hand, and keep nothing any more."""
        self._room = 0
        while self._at_hand:
            await self._give_up(self._at_hand.pop())

    async def _give_up(self, connection: Any) -> None:
        # what was done is done: a connection that breaks while it is given back is the pool's to replace
        with contextlib.suppress(*AWAY):
            await self._pool.release(connection)


class Loan:
    """One use of one connection."""

    __slots__ = ("_connection", "_lender")

    def __init__(self, lender: Connections) -> None:
        self._lender = lender

    async def __aenter__(self) -> Any:
        # Only here an OSError is the database's: inside, the block's own files and sockets may raise it.
        with answering(OSError):
            self._connection = await self._lender.take()
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        await self._lender.give_back(self._connection, clean=error is None)
        if isinstance(error, AWAY):
            with answering():
                raise error


def _works(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # it broke, and the pool has taken it back
        return False
