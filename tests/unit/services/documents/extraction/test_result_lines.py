"""Lines of stored results, whatever they are packed as."""

import gzip
from collections.abc import AsyncGenerator
from itertools import chain

import pytest

from services.documents.extraction.lines import PIECE, whole_lines


class Shelves:
    """A lake with one object, given in blocks of a size."""

    def __init__(self, body: bytes, block: int) -> None:
        self._body, self._block = body, block

    async def read(self, _: str) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self._body), self._block):
            yield self._body[start : start + self._block]


async def read(body: bytes, *, block: int = 1 << 20) -> list[list[bytes]]:
    return [lines async for lines in whole_lines(Shelves(body, block), "it")]  # type: ignore[arg-type]  # only read


@pytest.mark.parametrize("block", [1, 7, 64, 1 << 20])
async def test_lines_are_whole_wherever_members_and_blocks_end(block: int) -> None:
    plain = b'{"a": 1}\n{"b": "\xc3\xa9"}\n\n{"c": 3}\n'
    body = b"".join(gzip.compress(plain[start : start + 5]) for start in range(0, len(plain), 5))

    assert list(chain(*await read(body, block=block))) == plain.split(b"\n")[:-1]


async def test_a_last_line_without_an_end_is_one() -> None:
    assert await read(gzip.compress(b"a\nb")) == [[b"a"], [b"b"]]
    assert await read(gzip.compress(b"a\nb\n")) == [[b"a", b"b"]]


async def test_nothing_has_no_lines() -> None:
    assert await read(gzip.compress(b"")) == []


async def test_what_unpacks_to_much_comes_in_pieces() -> None:
    found = await read(gzip.compress(b"x" * 99 + b"\n") * 3 + gzip.compress((b"y" * 1023 + b"\n") * 20_000))

    assert max(sum(map(len, lines)) for lines in found) <= PIECE + 1024
    assert sum(map(len, found)) == 20_003


async def test_a_line_longer_than_a_piece_is_one_line() -> None:
    long = b"z" * (3 * PIECE + 5)

    assert list(chain(*await read(gzip.compress(b"a\n" + long + b"\nb\n")))) == [b"a", long, b"b"]
