"""Small blocks joined: a thread a block would cost more than the block."""

from collections.abc import AsyncGenerator, AsyncIterator

_ENOUGH = 1 << 20  # bytes


async def pieces(blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces of 1 MiB or a little more; only the last may be shorter."""
    waiting, size = [], 0
    async for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= _ENOUGH:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
