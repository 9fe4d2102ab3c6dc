"""Sending bodies, and what HTTP libraries do not let a server send: raw bytes, RST, headers without an end."""

import asyncio
import socket
import struct
from contextlib import suppress

from aiohttp import web

from infra.local.simulators.bright_data.records.bodies import Body

DRIPS_A_SECOND = 10


async def send(request: web.Request, body: Body) -> web.StreamResponse:
    """A healthy answer; chunked where the length is not known."""
    response = web.StreamResponse(headers={"Content-Type": body.content_type})
    if body.encoding:
        response.headers["Content-Encoding"] = body.encoding
    response.content_length = body.length
    with suppress(ConnectionError):  # whoever asked has left
        await response.prepare(request)
        for block in body.blocks():
            await response.write(block)
        await response.write_eof()
    return response


def reset(request: web.Request) -> web.Response:
    """End the connection by RST instead of an answer."""
    if (transport := request.transport) is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def hang_up(request: web.Request) -> web.Response:
    """End the connection in good order, without an answer or in the middle of one."""
    if (transport := request.transport) is not None:
        transport.close()
    return web.Response()


async def endless_headers(request: web.Request) -> web.Response:
    """Headers that never end, a line ten times a second, until the caller gives up."""
    with suppress(ConnectionError):
        await raw(request, b"HTTP/1.1 200 OK\r\n")
        while True:
            await raw(request, b"X-Filler: 0123456789\r\n")
            await asyncio.sleep(1 / DRIPS_A_SECOND)
    return web.Response()


async def raw(request: web.Request, data: bytes) -> None:
    """Write bytes past HTTP, waiting while the caller is slow. Raises ``ConnectionError`` when the caller has left."""
    if (transport := request.transport) is None or transport.is_closing():
        raise ConnectionResetError
    transport.write(data)
    await request.writer.drain()
