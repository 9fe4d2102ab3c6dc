"""Heads of HTTP/1.1 messages, as a forward proxy takes them and passes them on: strictly, or not at all."""

import asyncio
import re
from dataclasses import dataclass

LONGEST_HEAD = 65_536  # bytes

_REQUEST = re.compile(rb"([A-Z]{1,20}) (\S{1,16384}) HTTP/1\.[01]")
_ANSWER = re.compile(rb"HTTP/1\.[01] (\d{3})( [^\r\n\0]*)?")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)")
_ONE_HOP = {
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"upgrade",
}
_CONTINUE = range(100, 200)


class Malformed(ValueError):
    """What came is not HTTP, or HTTP that two readers may read differently."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client of the proxy asks for."""

    url: str
    tunnel: bool
    head: bytes
    """For the other side; empty for a tunnel."""
    body: int
    """Bytes that follow."""


async def read_request(reader: asyncio.StreamReader) -> Asked:
    """The next request. Raises ``Malformed``, and ``EOFError`` when there is none."""
    first, fields = _split(await _head(reader))
    match = _REQUEST.fullmatch(first)
    if match is None:
        raise Malformed("this is no request to a proxy")
    method, target = match[1], match[2].decode("ascii", "replace")
    if method == b"CONNECT":
        if not re.fullmatch(r"[^/?#@\\]+:\d{1,5}", target):
            raise Malformed("a tunnel leads to host:port")
        return Asked(url=f"https://{target}/", tunnel=True, head=b"", body=0)
    origin = re.match(r"http://([^/?#]+)", target, re.IGNORECASE)
    if origin is None:
        raise Malformed("only http:// is asked for without a tunnel")
    path = target[origin.end() :].partition("#")[0]
    path = path if path.startswith("/") else f"/{path}"
    kept = [(name, value) for name, value in fields if name.lower() not in _ONE_HOP | {b"host"}]
    lines = [b"%s %s HTTP/1.1" % (method, path.encode()), b"Host: " + origin[1].encode(), *map(_line, kept)]
    return Asked(url=target, tunnel=False, head=_closed(lines), body=_length(fields))


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """The head of the next final answer, which ends its connection. Raises ``Malformed`` and ``EOFError``."""
    while True:
        first, fields = _split(await _head(reader))
        match = _ANSWER.fullmatch(first)
        if match is None:
            raise Malformed("this is no answer")
        if int(match[1]) not in _CONTINUE:
            return _closed([first, *(_line(field) for field in fields if field[0].lower() not in _ONE_HOP)])
        if int(match[1]) == 101:  # noqa: PLR2004  # nobody asked to switch protocols
            raise Malformed("the other side switches protocols")


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        raise EOFError from error
    except asyncio.LimitOverrunError as error:
        raise Malformed("the head is too long") from error


def _split(head: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    first, *lines = head[:-4].split(b"\r\n")
    fields = [_FIELD.fullmatch(line) for line in lines]
    if any(field is None for field in fields):
        raise Malformed("a header field cannot be read")
    return first, [(field[1], field[2]) for field in fields if field is not None]


def _line(field: tuple[bytes, bytes]) -> bytes:
    return b"%s: %s" % field


def _closed(lines: list[bytes]) -> bytes:
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _length(fields: list[tuple[bytes, bytes]]) -> int:
    said = [value.strip() for name, value in fields if name.lower() == b"content-length"]
    if any(name.lower() == b"transfer-encoding" for name, _ in fields) or len(said) > 1:
        raise Malformed("the length of the body is not clear")
    if said and not re.fullmatch(rb"\d{1,18}", said[0]):
        raise Malformed("the length of the body is not a number")
    return int(said[0]) if said else 0
