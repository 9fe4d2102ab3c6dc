"""Bodies that come compressed: read in bounded pieces, and never beyond what was wanted."""

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest

from infra.runtime.egress.decode import decoded
from infra.runtime.egress.refused import EgressFailed, EgressTooLarge

TEXT = b"line\n" * 50_000


async def in_pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def read(data: bytes, encoding: str, *, limit: int = 1_000_000, size: int = 1000) -> list[bytes]:
    return [piece async for piece in decoded(in_pieces(data, size), encoding, limit=limit)]


@pytest.mark.parametrize("size", [1, 7, 1000, 10_000_000])
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "identity"),
        (gzip.compress(TEXT), "gzip"),
        (gzip.compress(TEXT), " X-GZIP "),
        (zlib.compress(TEXT), "deflate"),
        (gzip.compress(TEXT[:70_000]) + gzip.compress(TEXT[70_000:]), "gzip"),
        (gzip.compress(TEXT) + gzip.compress(b""), "gzip"),
    ],
)
async def test_what_was_compressed_comes_out_whole(data: bytes, encoding: str, size: int) -> None:
    assert b"".join(await read(data, encoding, size=size)) == TEXT


async def test_a_bomb_is_given_up_in_small_pieces() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    seen: list[int] = []
    with pytest.raises(EgressTooLarge):
        await note_lengths(decoded(in_pieces(bomb, 65_536), "gzip", limit=1_000_000), seen)

    assert max(seen) <= 65_536
    assert sum(seen) <= 1_000_000


async def note_lengths(pieces: AsyncIterator[bytes], seen: list[int]) -> None:
    async for piece in pieces:
        seen.append(len(piece))  # noqa: PERF401  # what came before a failure counts


@pytest.mark.parametrize("cut", [1, 5, 9, 100])
async def test_what_ends_too_early_is_not_taken_for_whole(cut: int) -> None:
    with pytest.raises(EgressFailed, match="in the middle"):
        await read(gzip.compress(TEXT)[:-cut], "gzip")


@pytest.mark.parametrize(
    ("data", "encoding"),
    [(b"plain", "gzip"), (gzip.compress(TEXT) + b"junk", "gzip"), (b"a", "br"), (b"a", "gzip, gzip")],
)
async def test_what_is_not_encoded_as_it_says_is_refused(data: bytes, encoding: str) -> None:
    with pytest.raises(EgressFailed):
        await read(data, encoding)
