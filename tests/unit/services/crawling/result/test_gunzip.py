import gzip
import io
import zlib
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.crawling.result import gunzip as module
from services.crawling.result.gunzip import Gunzip, ResultBomb, ResultCorrupt, ResultTruncated, gunzip

ROWS = b"".join(b'{"id":%d,"name":"row %d"}\n' % (i, i * i) for i in range(40))


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def unpack(blocks: Iterable[bytes]) -> bytes:
    return b"".join(gunzip(blocks))


def named(data: bytes) -> bytes:
    file = io.BytesIO()
    with gzip.GzipFile(filename="snapshot.json", fileobj=file, mode="wb", mtime=0) as writer:
        writer.write(data)
    return file.getvalue()


@pytest.mark.parametrize("size", [1, 7, 4096, 1 << 20])
@pytest.mark.parametrize("pack", [gzip.compress, named])
def test_a_whole_stream_unpacks_however_it_is_cut_into_blocks(size: int, pack: Callable[[bytes], bytes]) -> None:
    assert unpack(pieces(pack(ROWS), size)) == ROWS


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_stream_cut_at_any_byte_is_truncated(size: int) -> None:
    packed = named(ROWS)

    for cut in range(len(packed)):
        with pytest.raises(ResultTruncated):
            unpack(pieces(packed[:cut], size))


def test_zlib_alone_would_not_notice_the_cut() -> None:
    reader = zlib.decompressobj(31)

    assert reader.decompress(gzip.compress(ROWS)[:-1]) + reader.flush() == ROWS


@pytest.mark.parametrize("size", [1, 4096])
def test_no_flipped_bit_ever_changes_the_data_unnoticed(size: int) -> None:
    packed = gzip.compress(ROWS, mtime=0)
    caught = 0

    for position in range(len(packed) * 8):
        damaged = bytearray(packed)
        damaged[position // 8] ^= 1 << position % 8
        try:
            assert unpack(pieces(bytes(damaged), size)) == ROWS
        except (ResultTruncated, ResultCorrupt):
            caught += 1

    assert caught > len(packed) * 7  # what is left are header bits without meaning


def test_a_wrong_checksum_is_corrupt() -> None:
    packed = gzip.compress(ROWS)

    with pytest.raises(ResultCorrupt):
        unpack([packed[:-8] + b"\0\0\0\0" + packed[-4:]])


@pytest.mark.parametrize("size", [1, 5, 4096])
def test_members_and_the_padding_between_them_make_one_stream(size: int) -> None:
    packed = gzip.compress(ROWS) + gzip.compress(b"") + b"\0\0\0" + gzip.compress(b"end") + b"\0" * 9

    assert unpack(pieces(packed, size)) == ROWS + b"end"


def test_a_second_member_that_is_cut_is_truncated() -> None:
    with pytest.raises(ResultTruncated):
        unpack([gzip.compress(ROWS) + gzip.compress(ROWS)[:-3]])


def test_garbage_after_a_member_is_corrupt() -> None:
    with pytest.raises(ResultCorrupt):
        unpack([gzip.compress(ROWS) + b"<html>, and a good deal more of it"])


@pytest.mark.parametrize("size", [1, 4096])
def test_a_second_layer_of_gzip_is_refused(size: int) -> None:
    with pytest.raises(ResultCorrupt, match="twice"):
        unpack(pieces(gzip.compress(gzip.compress(ROWS)), size))


def test_a_bomb_is_stopped_long_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"\0" * 40_000_000)
    seen: list[int] = []

    with pytest.raises(ResultBomb):
        seen.extend(map(len, gunzip(pieces(bomb, 4096), slack=1 << 20)))

    assert sum(seen) < 4 << 20


def test_what_a_bomb_check_allows_comes_out_whole() -> None:
    assert len(unpack([gzip.compress(b"\0" * 4_000_000)])) == 4_000_000


def test_no_block_is_larger_than_one_mebibyte() -> None:
    stream = Gunzip()

    blocks = [*stream.feed(gzip.compress(b"\0" * 5_000_000)), *stream.finish()]

    assert max(map(len, blocks)) == module.BLOCK


@given(
    members=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    level=st.integers(0, 9),
    size=st.integers(1, 200),
    step=st.sampled_from([1, 3, 64, 1 << 20]),
)
@settings(deadline=None, derandomize=True, max_examples=150)
def test_any_members_in_any_blocks_are_what_was_packed(members: list[bytes], level: int, size: int, step: int) -> None:
    packed = b"".join(gzip.compress(member, level) for member in members)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK", step)
        if b"".join(members).startswith(module.MAGIC):
            with pytest.raises(ResultCorrupt):
                unpack(pieces(packed, size))
        else:
            assert unpack(pieces(packed, size)) == b"".join(members)
