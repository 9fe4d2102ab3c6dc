"""A forward proxy for what pages ask for: it resolves, checks, pins, and counts."""

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from infra.runtime.egress.carry import Purse, Spent, carry
from infra.runtime.egress.denials import count
from infra.runtime.egress.destination import destination
from infra.runtime.egress.heads import LONGEST_HEAD, Asked, Malformed, read_answer, read_request
from infra.runtime.egress.refused import EgressFailed, EgressRefused
from infra.runtime.egress.resolve import Lookup, look_up, resolve

log = structlog.get_logger()

SAID_BY_PROXY = "proxy-status"
"""The header (RFC 9209) of answers that no site gave, in small letters; it says why."""
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_KEPT = 100  # the last denials are remembered and the first are logged; all are counted
_ENDS = (OSError, EOFError, TimeoutError, Spent)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one proxy carries at most."""

    at_once: int = 256
    connections: int = 10_000
    bytes: int = 512 * 1024 * 1024
    connect_seconds: float = 10.0
    connection_seconds: float = 300.0


@dataclass(frozen=True, slots=True)
class Denial:
    """What was not passed on, and why."""

    url: str
    """Of a tunnel only host and port are known."""
    reason: str


class FilteringProxy:
    """Listens on 127.0.0.1 while ``filtering_proxy`` is open. One a capture: its limits are of all connections."""

    def __init__(self, allow: frozenset[str], *, limits: Limits, lookup: Lookup) -> None:
        self.url = ""
        self.denials = 0
        self.denied: deque[Denial] = deque(maxlen=_KEPT)
        self.carried = 0
        """Connections that were passed on."""
        self._allow = allow
        self._limits = limits
        self._lookup = lookup
        self._purse = Purse(limits.bytes)
        self._taken = 0
        self._running: set[asyncio.Task[None]] = set()

    @property
    def spent(self) -> bool:
        """Whether there were more bytes or connections than one proxy carries."""
        return self._purse.left < 0 or self._taken > self._limits.connections

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection, beside the others."""
        self._taken += 1
        if len(self._running) >= self._limits.at_once or self.spent:
            writer.close()
            return
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Cut what is under way."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(*_ENDS):
            try:
                async with asyncio.timeout(self._limits.connection_seconds):
                    await self._answer(reader, writer)
            finally:
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: Asked | None = None
        try:
            asked = await read_request(reader)
            there, back = await self._connect(asked.url)
        except Malformed as error:
            return await _say(writer, b"400 Bad Request", str(error))
        except EgressRefused as refused:
            self._deny(asked.url if asked else "", refused.detail)
            return await _say(writer, b"403 Forbidden", refused.detail)
        except EgressFailed as failed:
            return await _say(writer, b"502 Bad Gateway", failed.detail)
        self.carried += 1
        try:
            await self._pass_on(asked, (reader, writer), (there, back))
        finally:
            back.close()

    async def _connect(self, url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        there = destination(url, self._allow)
        try:
            async with asyncio.timeout(self._limits.connect_seconds):
                for address in await resolve(there, lookup=self._lookup):
                    with suppress(OSError):
                        return await asyncio.open_connection(address, there.port, limit=LONGEST_HEAD)
        except TimeoutError as error:
            raise EgressFailed(f"{there.host} did not answer in time") from error
        raise EgressFailed(f"{there.host} takes no connections")

    async def _pass_on(
        self,
        asked: Asked,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        server: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        (reader, writer), (there, back) = client, server
        if asked.tunnel:
            writer.write(_ESTABLISHED)
        else:
            back.write(asked.head)
        up = asyncio.create_task(self._up(reader, back, limit=None if asked.tunnel else asked.body))
        try:
            if not asked.tunnel:
                writer.write(await read_answer(there))
            await carry(there, writer, self._purse)
        except Malformed as error:
            await _say(writer, b"502 Bad Gateway", str(error))
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)

    async def _up(self, reader: asyncio.StreamReader, back: asyncio.StreamWriter, *, limit: int | None) -> None:
        try:
            await carry(reader, back, self._purse, limit=limit)
            if limit is None and back.can_write_eof():
                back.write_eof()
        except _ENDS:
            back.close()  # then the other direction ends too

    def _deny(self, url: str, reason: str) -> None:
        self.denials += 1
        count("page")
        self.denied.append(Denial(url, reason))
        if self.denials <= _KEPT:
            log.warning("a page asked for what no page may reach", reason=reason)


async def _say(writer: asyncio.StreamWriter, status: bytes, why: str) -> None:
    plain = re.sub(r"""[^ -~]|["\\]""", "?", why).encode()
    body = b"Headrace's proxy: %s\n" % plain
    head = (
        b"HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"
        b'Proxy-Status: headrace; details="%s"\r\nConnection: close\r\n\r\n'
    )
    writer.write(head % (status, len(body), plain) + body)
    await writer.drain()


@asynccontextmanager
async def filtering_proxy(
    allow: frozenset[str] = frozenset(), *, limits: Limits | None = None, lookup: Lookup = look_up
) -> AsyncIterator[FilteringProxy]:
    """A proxy at ``url`` for as long as the block lasts; ``allow`` as ``destination`` takes it."""
    proxy = FilteringProxy(allow, limits=limits or Limits(), lookup=lookup)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0, limit=LONGEST_HEAD)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
