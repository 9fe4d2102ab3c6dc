"""Draft: a file that appears under its name whole, durable and only if the name is free."""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from schemas.problem import Problem

TEMPORARY = ".tmp"  # folder under a root; on the same file system, so that a link can give the final name

_REFUSED = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EPERM, errno.EROFS}


@contextlib.contextmanager
def as_problems(*, refused: type[Problem], failed: type[Problem]) -> Iterator[None]:
    """Tell an ``OSError`` as a problem: ``refused`` when space or permission lacks, else ``failed``."""
    try:
        yield
    except OSError as error:
        kind = refused if error.errno in _REFUSED else failed
        raise kind(f"The file system says: {error.strerror or type(error).__name__}.") from error


class Draft:
    """A file in the making, invisible until ``settle``. Every method blocks; one thread at a time.

    The file is locked while its process lives, so that ``sweep`` knows the abandoned from the slow.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / TEMPORARY / str(uuid4())
        self._root = root
        self._fd = -1

    def open(self) -> int:
        """Make the empty file; returns its descriptor, which stays the draft's own."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        return self._fd

    def write(self, block: bytes) -> None:
        """Append a block, all of it."""
        rest = memoryview(block)
        while rest:
            rest = rest[os.write(self._fd, rest) :]

    def settle(self, final: Path) -> None:
        """Give the file its name, for good even if the power fails; raises ``FileExistsError`` when it is taken."""
        os.fsync(self._fd)
        final.parent.mkdir(parents=True, exist_ok=True)
        os.link(self.path, final)
        # All the way up: the process that made a folder on the way may not have synced it yet.
        for folder in final.parents:
            sync_folder(folder)
            if folder == self._root:
                break

    def replace(self, final: Path) -> None:
        """Take the place of a file that is there, at once and for good; who has it open goes on reading the old one."""
        os.fsync(self._fd)
        self.path.replace(final)
        sync_folder(final.parent)

    def discard(self) -> None:
        """Remove what is not settled; fine after ``settle``, and twice."""
        with contextlib.suppress(OSError):  # the sweep takes what cannot be removed now
            self.path.unlink(missing_ok=True)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def write_once(root: Path, final: Path, content: bytes) -> None:
    """Write a small file, or leave what has its name already."""
    draft = Draft(root)
    try:
        draft.open()
        draft.write(content)
        with contextlib.suppress(FileExistsError):
            draft.settle(final)
    finally:
        draft.discard()


def sweep(root: Path, *, before: float) -> int:
    """Remove drafts last written before a time (seconds since 1970) whose process is gone; returns how many."""
    removed = 0
    with contextlib.suppress(FileNotFoundError), os.scandir(root / TEMPORARY) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # another sweep was faster, or the writer lives
                removed += _take(entry, before)
    return removed


def _take(entry: "os.DirEntry[str]", before: float) -> bool:
    if entry.stat(follow_symlinks=False).st_mtime >= before:
        return False
    fd = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        Path(entry.path).unlink()
    finally:
        os.close(fd)
    return True


def sync_folder(folder: Path) -> None:
    """Make what was linked or removed in a folder last, even if the power fails."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
