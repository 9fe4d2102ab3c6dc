"""File locks between processes: the kernel drops them with their last holder, however that one died."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_PAUSE = 0.02  # seconds between two looks at a lock that somebody else holds


class FileLock:
    """One open handle on a lock file; two handles exclude each other even inside one process.

    The descriptor can be handed to a child process, which then shares the lock.
    """

    def __init__(self, path: Path) -> None:
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_exclusive(self) -> bool:
        """Become the only holder, if nobody else holds it."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def share(self) -> None:
        """Hold it beside others; call only where nobody can hold it exclusively."""
        fcntl.flock(self.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)

    def close(self) -> None:
        """Let go, unless a child process shares this handle. Closing twice is fine."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def held(path: Path) -> bool:
    """Whether any process holds this lock."""
    lock = FileLock(path)
    try:
        return not lock.try_exclusive()
    finally:
        lock.close()


@asynccontextmanager
async def exclusive(path: Path, *, patience: float) -> AsyncIterator[None]:
    """Hold a lock alone for the length of the block. Raises ``TimeoutError`` after ``patience`` seconds."""
    lock = FileLock(path)
    try:
        async with asyncio.timeout(patience):
            while not lock.try_exclusive():  # noqa: ASYNC110  # another process cannot set an Event
                await asyncio.sleep(_PAUSE)
        yield
    finally:
        lock.close()
