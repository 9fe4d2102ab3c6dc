"""Servers of this machine that stand for sites of the internet, and the names that lead to them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Script = Callable[[bytes], bytes]
"""What a request's head and body are answered with."""


@dataclass
class Site:
    """What a site was asked, as it came."""

    port: int = 0
    asked: list[bytes] = field(default_factory=list)

    @property
    def first_lines(self) -> list[str]:
        return [one.split(b"\r\n")[0].decode() for one in self.asked]


def page(body: bytes = b"here", *, status: str = "200 OK", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def answered(body: bytes = b"here", *, status: str = "200 OK", headers: str = "") -> Script:
    return lambda _: page(body, status=status, headers=headers)


async def leads_here(name: str) -> list[str]:
    """Every name leads to this machine, where tests allow it."""
    return ["127.0.0.1"]


@asynccontextmanager
async def site(script: Script, *, stubborn: bool = False) -> AsyncIterator[Site]:
    """A site that answers as scripted and keeps what it was asked; a ``stubborn`` one closes no connection."""
    made = Site()
    open_ones: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                head += await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
                made.asked.append(head)
                writer.write(script(head))
                await writer.drain()
                if b"connection: close" in head.lower() and not stubborn:
                    return
        except (OSError, EOFError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        for writer in open_ones:
            writer.close()
        await server.wait_closed()
