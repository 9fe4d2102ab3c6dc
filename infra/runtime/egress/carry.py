"""Bytes from one connection to another, counted."""

import asyncio

_AT_ONCE = 65_536


class Spent(Exception):
    """The bytes that may be carried are used up."""


class Purse:
    """Bytes that all connections of a proxy may carry together."""

    def __init__(self, content: int) -> None:
        self.left = content

    def spend(self, amount: int) -> None:
        """Take bytes out. Raises ``Spent``."""
        self.left -= amount
        if self.left < 0:
            raise Spent


async def carry(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, purse: Purse, *, limit: int | None = None
) -> None:
    """Everything that comes, or ``limit`` bytes of it. Raises ``Spent`` and ``OSError``."""
    while limit is None or limit > 0:
        data = await source.read(_AT_ONCE if limit is None else min(_AT_ONCE, limit))
        if not data:
            return
        purse.spend(len(data))
        limit = None if limit is None else limit - len(data)
        sink.write(data)
        await sink.drain()
