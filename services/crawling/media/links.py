"""The links to media in a stored result."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from services.crawling.ports import Lake
from services.crawling.result.gunzip import Gunzip
from services.crawling.result.record import MEDIA, BadLine, decode_record, is_error

LONGEST = 2000  # bytes of a URL; longer ones are no keys
_BATCH = 1000


async def media_links(lake: Lake, name: str) -> AsyncIterator[list[str]]:
    """All of them in batches, each URL at most once a batch. Raises ``ObjectMissing``."""
    gunzip, rest = Gunzip(), b""
    found: set[str] = set()
    async for packed in lake.read(name):
        for plain in await asyncio.to_thread(lambda some: list(gunzip.feed(some)), packed):
            *lines, rest = (rest + plain).split(b"\n")
            found.update(await asyncio.to_thread(_in_lines, lines))
            if len(found) >= _BATCH:
                yield sorted(found)
                found.clear()
    found.update(_in_lines([rest, *b"".join(gunzip.finish()).split(b"\n")]))
    if found:
        yield sorted(found)


def _in_lines(lines: list[bytes]) -> set[str]:
    return {link for line in lines if line for link in _in_line(line)}


def _in_line(line: bytes) -> Iterator[str]:
    try:
        record = decode_record(line)
    except BadLine:
        return
    if not is_error(record):
        for name in MEDIA.intersection(record):
            yield from _links(record[name])


def _links(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value[:8].lower().startswith(("https://", "http://")) and len(value.encode(errors="replace")) <= LONGEST:
            yield value.replace("\0", "")
    elif isinstance(value, dict):
        yield from _links(value.get("url"))
    elif isinstance(value, list):
        for one in value:
            yield from _links(one)
