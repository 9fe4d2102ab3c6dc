"""Lines as blocks that can be read alone."""

import gzip
from pathlib import Path

import pytest

from services.intake.reading import pack as packing
from services.intake.reading.pack import pack


def some(count: int) -> list[bytes]:
    return [f"line {n}\n".encode() * 3 for n in range(count)]


def test_each_block_is_a_file_of_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "BLOCK_BYTES", 100)
    packed = pack(some(50), tmp_path / "lines.gz")
    stored, plain = (tmp_path / "lines.gz").read_bytes(), b"".join(some(50))
    blocks = [gzip.decompress(stored[start : start + size]) for _, start, size in packed.blocks]

    assert len(blocks) > 5
    assert b"".join(blocks) == plain == gzip.decompress(stored)
    assert all(block.endswith(b"\n") and len(block) < 200 for block in blocks)
    lines = plain.splitlines(keepends=True)
    assert [block.splitlines(keepends=True)[0] for block in blocks] == [lines[first] for first, _, _ in packed.blocks]
    assert packed.plain_bytes == len(plain)


def test_few_lines_are_one_block(tmp_path: Path) -> None:
    packed = pack(some(2), tmp_path / "lines.gz")

    assert packed.blocks == [(0, 0, (tmp_path / "lines.gz").stat().st_size)]


def test_no_lines_are_no_block(tmp_path: Path) -> None:
    packed = pack([], tmp_path / "lines.gz")

    assert (packed.blocks, packed.plain_bytes) == ([], 0)
