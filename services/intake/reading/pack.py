"""Lines as gzip members, each of which can be read alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from isal import igzip

BLOCK_BYTES = 256 << 10


@dataclass
class Packed:
    """What was written; of each block its first row, where it starts and its size.

    ``plain_bytes`` is what the lines take unpacked.
    """

    blocks: list[tuple[int, int, int]] = field(default_factory=list)
    plain_bytes: int = 0


def pack(lines: Iterable[bytes], path: Path) -> Packed:
    """Write whole lines, of which some come at a time; a block ends with those that fill it."""
    packed, rows, start = Packed(), 0, 0
    with path.open("wb") as written:
        for block in _blocks(lines):
            size = written.write(igzip.compress(block, compresslevel=1))
            packed.blocks.append((rows, start, size))
            packed.plain_bytes += len(block)
            rows, start = rows + block.count(b"\n"), start + size
    return packed


def _blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    waiting, size = [], 0
    for some in lines:
        waiting.append(some)
        size += len(some)
        if size >= BLOCK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
