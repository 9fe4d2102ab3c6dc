import gzip
import zlib

import pytest

from infra.embedded.ndjson import Damaged, Lines

TEXT = b'{"a":1}\n\n{"b":"\r\xe2\x80\xa8"}\n{"c":3}'
PACKED = gzip.compress(TEXT[:5]) + gzip.compress(b"") + gzip.compress(TEXT[5:])


def split(packed: bytes, size: int) -> list[bytes]:
    lines = Lines()
    found = [line for at in range(0, len(packed), size) for some in lines.feed(packed[at : at + size]) for line in some]
    return found + [line for some in lines.end() for line in some]


@pytest.mark.parametrize("size", [1, 2, 7, 4096])
def test_lines_do_not_depend_on_how_the_bytes_arrive(size: int) -> None:
    assert split(PACKED, size) == TEXT.split(b"\n")


@pytest.mark.parametrize("size", [1, 4096])
def test_every_cut_inside_a_member_is_noticed(size: int) -> None:
    packed = gzip.compress(TEXT)

    for end in range(1, len(packed)):
        with pytest.raises(Damaged):
            split(packed[:end], size)


def test_a_flipped_bit_is_noticed() -> None:
    packed = bytearray(gzip.compress(TEXT * 100, 0))
    packed[200] ^= 1

    with pytest.raises(Damaged):
        split(bytes(packed), 4096)


def test_a_small_block_of_much_repetition_comes_in_steps() -> None:
    packed = gzip.compress((b"x" * 1023 + b"\n") * 65_536)
    steps = [sum(map(len, some)) for some in Lines().feed(packed)]

    assert len(packed) < 1 << 20
    assert max(steps) <= 2 << 20
    assert sum(steps) == 1023 * 65_536


def test_plain_zlib_is_no_gzip() -> None:
    with pytest.raises(Damaged):
        split(zlib.compress(TEXT), 4096)
