"""Faults of a body: bytes that are not what they say, and framing that does not fit its bytes."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from infra.local.simulators.bright_data import wire
from infra.local.simulators.bright_data.records import bodies
from infra.local.simulators.bright_data.records.bodies import Body
from infra.local.simulators.scripted import Fault

_GZIP_TRAILER = 8  # bytes: CRC and size
_WRONG_TRAILER = b"\xde\xad\xbe\xef" + bytes(4)
_CUT_RECORD = b'{"post_id":"0000000000000009","content":"and then'


@dataclass(frozen=True, kw_only=True)
class Bodies:
    """The body that was asked for, and both of its forms."""

    asked: Body
    plain: Body
    packed: Body


def _first(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        if size <= 0:
            return
        yield block[:size]
        size -= len(block)


def _total(body: Body) -> int:
    return sum(map(len, body.blocks())) if body.length is None else body.length


def _share(fault: Fault, total: int) -> int:
    wanted = fault.number(0.5)
    return min(total, int(wanted * total) if wanted <= 1 else int(wanted))


def _cut(body: Body, size: int, tail: bytes = b"") -> Body:
    def blocks() -> Iterator[bytes]:
        yield from _first(body.blocks(), size)
        yield tail

    return Body(blocks=blocks, content_type=body.content_type, length=size + len(tail))


def _gzip(blocks: Callable[[], Iterator[bytes]]) -> Body:
    return Body(blocks=blocks, content_type="application/gzip")


_OTHER_BYTES: Mapping[str, Callable[[Fault, Bodies], Body]] = {
    "gzip_cut": lambda fault, one: _cut(one.packed, _share(fault, _total(one.packed))),
    "gzip_trailer": lambda _, one: _cut(one.packed, _total(one.packed) - _GZIP_TRAILER),
    "gzip_crc": lambda _, one: _cut(one.packed, _total(one.packed) - _GZIP_TRAILER, _WRONG_TRAILER),
    "gzip_members": lambda _, one: _gzip(lambda: bodies.members_of(one.plain.blocks())),
    "gzip_double": lambda _, one: _gzip(lambda: bodies.gzip_of(one.packed.blocks())),
    "gzip_plain": lambda _, one: Body(blocks=one.packed.blocks, content_type=one.plain.content_type),
    "plain_gzip": lambda _, one: Body(blocks=one.plain.blocks, content_type="application/gzip", encoding="gzip"),
    "bomb": lambda fault, _: _gzip(lambda: bodies.bomb(int(fault.number(1024)))),
    "cut": lambda fault, one: _cut(one.asked, _share(fault, _total(one.asked))),
    "json_tail": lambda _, one: _cut(one.asked, _total(one.asked), _CUT_RECORD),
}
"""Other bytes in good HTTP."""

_FRAMINGS: Mapping[str, Callable[[Fault, int], tuple[int, tuple[str, ...]]]] = {
    "length_long": lambda fault, total: (total, (f"Content-Length: {total + int(fault.number(1))}",)),
    "length_short": lambda fault, total: (total, (f"Content-Length: {total - int(fault.number(1))}",)),
    "length_twice": lambda _, total: (total, (f"Content-Length: {total}", f"Content-Length: {total + 1}")),
    "close_cut": lambda fault, total: (_share(fault, total), ()),
    "chunk_cut": lambda fault, total: (_share(fault, total), ("Transfer-Encoding: chunked",)),
    "reset_body": lambda fault, total: (_share(fault, total), (f"Content-Length: {total}",)),
    "drip": lambda _, total: (total, (f"Content-Length: {total}",)),
}
"""How many bytes to send, and what to say of them; afterwards the connection ends."""


async def misbehave(request: web.Request, fault: Fault, given: Bodies) -> web.StreamResponse:
    """Send a body with a fault in it; gzip faults send gzip whatever was asked for."""
    if other := _OTHER_BYTES.get(fault.name):
        return await wire.send(request, await asyncio.to_thread(other, fault, given))
    total = await asyncio.to_thread(_total, given.asked)
    with suppress(ConnectionError):  # whoever asked has left
        await _lie(request, fault, given.asked, total)
    return wire.reset(request) if fault.name == "reset_body" else wire.hang_up(request)


async def _lie(request: web.Request, fault: Fault, body: Body, total: int) -> None:
    stop, framing = _FRAMINGS[fault.name](fault, total)
    head = ["HTTP/1.1 200 OK", f"Content-Type: {body.content_type}", "Connection: close", *framing, "", ""]
    await wire.raw(request, "\r\n".join(head).encode())
    for block in _first(body.blocks(), stop):
        if fault.name == "drip":
            await _drip(request, block, max(1, int(fault.number(100) / wire.DRIPS_A_SECOND)))
        else:
            await wire.raw(request, b"%x\r\n%b\r\n" % (len(block), block) if fault.name == "chunk_cut" else block)


async def _drip(request: web.Request, block: bytes, size: int) -> None:
    for place in range(0, len(block), size):
        await wire.raw(request, block[place : place + size])
        await asyncio.sleep(1 / wire.DRIPS_A_SECOND)
