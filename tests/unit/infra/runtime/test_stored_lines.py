"""Lines of packed objects, wherever they are cut."""

import gzip
from collections.abc import AsyncGenerator

import pytest

from infra.runtime.stored_lines import PIECE, stored_lines


class Shelves:
    """A lake with one object, given in blocks of a size."""

    def __init__(self, body: bytes, block: int) -> None:
        self._body, self._block = body, block

    async def read(self, _: str, *, start: int = 0, size: int | None = None) -> AsyncGenerator[bytes, None]:
        body = self._body[start : None if size is None else start + size]
        for place in range(0, len(body), self._block):
            yield body[place : place + self._block]


async def read(body: bytes, *, block: int = 1 << 20, **part: int) -> list[bytes]:
    lake = Shelves(body, block)
    return [lines async for lines in stored_lines(lake, "it", **part)]  # type: ignore[arg-type]  # only read


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
async def test_lines_are_whole_wherever_members_and_blocks_end(block: int) -> None:
    plain = b'{"a": 1}\n{"b": "\xc3\xa9"}\n\n{"c": 3}\n'
    body = b"".join(gzip.compress(plain[start : start + 5]) for start in range(0, len(plain), 5))

    found = await read(body, block=block)

    assert b"".join(found) == plain
    assert all(lines.endswith(b"\n") for lines in found)


async def test_some_members_are_read_alone() -> None:
    members = [gzip.compress(line) for line in (b"a\n", b"b\nc\n", b"d\n")]
    start, size = len(members[0]), len(members[1])

    assert await read(b"".join(members), start=start, size=size) == [b"b\nc\n"]
    assert await read(b"".join(members), start=start) == [b"b\nc\n", b"d\n"]


async def test_a_last_line_without_an_end_is_one() -> None:
    assert await read(gzip.compress(b"a\nb")) == [b"a\n", b"b\n"]
    assert await read(gzip.compress(b"a\nb\n")) == [b"a\nb\n"]


async def test_nothing_has_no_lines() -> None:
    assert await read(gzip.compress(b"")) == []


async def test_what_unpacks_to_much_comes_in_pieces() -> None:
    found = await read(gzip.compress(b"x" * 99 + b"\n") * 3 + gzip.compress((b"y" * 1023 + b"\n") * 20_000))

    assert max(map(len, found)) <= PIECE + 1024
    assert b"".join(found).count(b"\n") == 20_003


async def test_a_line_longer_than_a_piece_is_one_line() -> None:
    long = b"z" * (3 * PIECE + 5)

    assert b"".join(await read(gzip.compress(b"a\n" + long + b"\nb\n"))) == b"a\n" + long + b"\nb\n"
