"""Files are looked at and read in children, with so much memory and time and no more."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from infra.runtime.children import ChildExceeded, in_child
from services.intake.file_problems import FileTooComplex
from services.intake.reading.identify import identify
from services.intake.reading.table import read_table

MEMORY_BYTES = 1 << 30
LOOK_SECONDS = 15  # of processor time
READ_SECONDS = 60


async def look(path: Path, filename: str) -> str:
    """What ``identify`` says of a file. Raises as it does, ``FileTooComplex`` and ``ChildDied``."""
    kind: str = await _bounded(identify, [str(path), filename], LOOK_SECONDS)
    return kind


async def read(path: Path, kind: str, room: Path) -> dict[str, Any]:
    """What ``read_table`` makes of a file in a folder. Raises as it does, ``FileTooComplex`` and ``ChildDied``."""
    table: dict[str, Any] = await _bounded(read_table, [str(path), kind, str(room)], READ_SECONDS)
    return table


async def _bounded(function: Callable[..., Any], args: Sequence[Any], seconds: int) -> Any:
    bounds = {"memory_bytes": MEMORY_BYTES, "cpu_seconds": seconds}
    try:
        return await in_child(function, args, **bounds, wall_seconds=1.5 * seconds)
    except ChildExceeded as exceeded:
        raise FileTooComplex(exceeded.detail) from exceeded
