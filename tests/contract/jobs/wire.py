"""A way to PostgreSQL that can be cut and mended, and that can lose an answer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, quote, urlsplit

_SOCKET = ".s.PGSQL.5432"


class Wire:
    """Passes bytes between unix sockets."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._open = True
        self._writers: set[asyncio.StreamWriter] = set()
        self._lost: bytes | None = None
        self._last = False
        self.losses = 0

    def cut(self) -> None:
        """Every connection breaks, and nobody gets a new one."""
        self._open = False
        self._break()

    def mend(self) -> None:
        self._open = True

    def lose_the_answer_to(self, words: bytes, *, then_cut: bool = False) -> None:
        """The server gets the next statement with these words and does it; then the connection breaks, or all do."""
        self._lost, self._last = words, then_cut

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.close()
            return
        from_server, to_server = await asyncio.open_unix_connection(str(self._server))
        self._writers |= {writer, to_server}
        deaf = asyncio.Event()
        ways = (self._ask(reader, to_server, deaf), self._answer(from_server, writer, deaf))
        with contextlib.suppress(OSError):
            await asyncio.gather(*ways)
        for end in (writer, to_server):
            end.close()
        self._writers -= {writer, to_server}

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: asyncio.Event) -> None:
        while block := await reader.read(1 << 16):
            if self._lost is not None and self._lost in block:
                self._lost = None
                deaf.set()
            writer.write(block)
            await writer.drain()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, deaf: asyncio.Event) -> None:
        while block := await reader.read(1 << 16):
            if deaf.is_set():
                self.losses += 1
                if self._last:
                    self.cut()
                break
            writer.write(block)
            await writer.drain()
        writer.close()

    def _break(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@contextlib.asynccontextmanager
async def wire(dsn: str) -> AsyncIterator[tuple[Wire, str]]:
    """A wire to the server of a DSN, and the DSN that leads through it."""
    folder = parse_qs(urlsplit(dsn).query)["host"][0]
    made = Wire(Path(folder) / _SOCKET)
    with TemporaryDirectory(prefix="wire-") as here:
        server = await asyncio.start_unix_server(made.accept, str(Path(here) / _SOCKET))
        try:
            yield made, dsn.replace(urlsplit(dsn).query, f"host={quote(here, safe='')}")
        finally:
            made.cut()
            server.close()
            await server.wait_closed()
