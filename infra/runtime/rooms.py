"""Rooms: folders for what does not fit into memory. One ends with its use, or is swept when its process died in it."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from tempfile import gettempdir, mkdtemp

_PREFIX = "headrace-room-"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True)
class Room:
    """A folder that is locked as long as its process lives."""

    path: Path
    _descriptor: int

    @classmethod
    def enter(cls, what: str) -> "Room":
        """A new one, named after what it is for; rooms of dead processes go first."""
        sweep_rooms()
        while True:
            path = Path(mkdtemp(prefix=f"{_PREFIX}{what}-"))
            # until it is locked it looks like a dead process's
            with suppress(FileNotFoundError):
                descriptor = os.open(path, _FOLDER)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if path.exists():
                    return cls(path, descriptor)
                os.close(descriptor)

    def leave(self) -> None:
        """Remove it with all that is in it."""
        rmtree(self.path, ignore_errors=True)
        os.close(self._descriptor)


@asynccontextmanager
async def room(what: str) -> AsyncIterator[Path]:
    """A folder for as long as the block runs."""
    entered = await asyncio.to_thread(Room.enter, what)
    try:
        yield entered.path
    finally:
        await asyncio.to_thread(entered.leave)


def sweep_rooms() -> int:
    """Remove the rooms of dead processes; returns how many."""
    return sum(map(_removed, Path(gettempdir()).glob(f"{_PREFIX}*")))


def _removed(path: Path) -> bool:
    with suppress(OSError):  # somebody lives there, or it is gone, or another user's
        descriptor = os.open(path, _FOLDER)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            rmtree(path, ignore_errors=True)
            return True
        finally:
            os.close(descriptor)
    return False
