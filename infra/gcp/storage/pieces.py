"""A stream cut anew."""

from collections.abc import AsyncGenerator, AsyncIterator


async def pieces(blocks: AsyncIterator[bytes], size: int) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces of exactly ``size`` bytes; only the last may be shorter."""
    waiting = bytearray()
    async for block in blocks:
        waiting += block
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)
