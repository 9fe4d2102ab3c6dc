"""Reading a part's body: timed, unpacked, proven whole."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from services.crawling.provider_problems import ProviderUnavailable
from services.crawling.result.gunzip import BLOCK, MAGIC, Gunzip, ResultTruncated
from services.crawling.result.ndjson import ResultTooLarge

if TYPE_CHECKING:
    import aiohttp

_GATHER = 1 << 18  # packed bytes a trip to a thread is worth


class Patience(Struct, frozen=True, kw_only=True):
    """How long a part may take, how slow it may be, how large it may get (uncompressed)."""

    seconds: float = 300.0
    window_seconds: float = 60.0
    bytes_a_second: int = 1024  # at least, in every window
    max_bytes: int = 64 << 30


class Clock:
    """Watches one body: the total deadline, and the pace while we wait for the provider (not for our own sink)."""

    def __init__(self, patience: Patience, now: Callable[[], float] = time.monotonic) -> None:
        self._patience, self._now = patience, now
        self._deadline = now() + patience.seconds
        self._waited, self._received = 0.0, 0

    @property
    def seconds(self) -> float:
        """How long the next read may take. Raises ``ProviderUnavailable`` when time is up."""
        left = self._deadline - self._now()
        if left <= 0:
            raise ProviderUnavailable(f"the part took longer than {self._patience.seconds:g} s")
        return min(left, max(0.0, self._patience.window_seconds - self._waited))

    def saw(self, size: int, seconds: float) -> None:
        """Note a read. Raises ``ProviderUnavailable`` when the window ends with too few bytes."""
        self._waited += seconds
        self._received += size
        if self._waited < self._patience.window_seconds:
            return
        if self._received < self._patience.bytes_a_second * self._waited:
            raise ProviderUnavailable(f"the part came slower than {self._patience.bytes_a_second} bytes a second")
        self._waited, self._received = 0.0, 0


async def blocks(response: "aiohttp.ClientResponse", patience: Patience) -> AsyncIterator[bytes]:
    """The uncompressed body in blocks of at most 1 MiB; whether it is gzip is told by its bytes, not its headers.

    Raises ``ResultTruncated``, ``ResultCorrupt``, ``ResultBomb``, ``ResultTooLarge``, ``ProviderUnavailable``.
    """
    total, packed = 0, _gathered(_received(response, Clock(patience)))
    async for block in _unpacked(packed):
        total += len(block)
        if total > patience.max_bytes:
            raise ResultTooLarge(f"the part unpacks to more than {patience.max_bytes} bytes")
        yield block


async def _received(response: "aiohttp.ClientResponse", clock: Clock) -> AsyncIterator[bytes]:
    import aiohttp  # noqa: PLC0415  # loaded by whoever asked for this response

    content = response.content
    while not content.at_eof():
        seconds, started, piece = clock.seconds, time.monotonic(), b""
        try:
            async with asyncio.timeout(seconds):
                piece = await content.readany()
        except TimeoutError:
            pass  # the clock decides whether that was too slow
        except (aiohttp.ClientError, OSError) as error:
            raise ResultTruncated(f"the connection broke off: {type(error).__name__}") from None
        clock.saw(len(piece), time.monotonic() - started)
        if piece:
            yield piece


async def _gathered(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    parts: list[bytes] = []
    size = 0
    async for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size >= _GATHER:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


async def _unpacked(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    gunzip: Gunzip | None = None
    first = True
    async for piece in pieces:
        if first and piece.startswith(MAGIC):
            gunzip = Gunzip()
        first = False
        async for block in _threaded(gunzip.feed(piece)) if gunzip else _sliced(piece):
            yield block
    if gunzip is not None:
        async for block in _threaded(gunzip.finish()):
            yield block


async def _threaded(source: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (block := await asyncio.to_thread(next, source, None)) is not None:
        yield block


async def _sliced(piece: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(piece), BLOCK):
        yield piece[start : start + BLOCK]
