"""The lake in a directory: one file an object, shared by every process of the machine.

The directory must be on a file system with hard links. ``.tmp`` in it holds objects in the making and
``.lake-id`` the lake's identity; names of objects never start with a dot. A folder and an object cannot
have the same name: the later one meets ``ObjectExists``.
"""

import contextlib
import hashlib
import math
import os
import stat
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from uuid import uuid4

from infra.embedded.draft import Draft, as_problems, sweep, sync_folder, write_once
from infra.embedded.fingerprint import fingerprint, remember
from infra.embedded.threads import in_thread
from schemas.stored_object import (
    ObjectExists,
    ObjectMissing,
    StoredObject,
    StoreQuota,
    StoreUnavailable,
    checked_name,
)

_BLOCK = 1 << 20  # bytes


class Lake:
    """Objects that are written once. Raises ``StoreQuota`` when the directory cannot be written.

    ``id`` is the same for everyone who uses this directory. ``now_ns`` (nanoseconds since 1970) gives an
    object its generation.
    """

    def __init__(self, root: Path, *, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._root = root.resolve()
        self._now_ns = now_ns
        with self._problems():
            self._root.mkdir(parents=True, exist_ok=True)
            self.id = self._identity()

    def url(self, name: str) -> str:
        """The address other teams use: ``file://...``."""
        return self._path(name).as_uri()

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object from a stream; an exception or a cancellation in the stream leaves nothing behind.

        Raises ``ObjectExists``, ``ObjectNameRefused``, ``StoreQuota``, ``StoreUnavailable``.
        """
        final = self._path(name)
        draft, digest = Draft(self._root), hashlib.sha256()
        try:
            fd = await in_thread(self._open, draft, final)
            async with contextlib.aclosing(_gathered(blocks)) as gathered:
                async for block in gathered:
                    await in_thread(self._append, draft, digest, block)
            return await in_thread(self._settle, draft, fd, name, digest.hexdigest())
        finally:
            await in_thread(draft.discard)

    async def compose(self, name: str, parts: Sequence[str]) -> StoredObject:
        """Join objects into one new object, in order. Raises what ``create`` raises, and ``ObjectMissing``."""
        async with contextlib.aclosing(self._joined(parts)) as blocks:
            return await self.create(name, blocks)

    async def stat(self, name: str) -> StoredObject | None:
        """What lies under a name, or None."""
        return await in_thread(self._look, self._path(name), name)

    async def read(self, name: str, *, start: int = 0, size: int | None = None) -> AsyncGenerator[bytes, None]:
        """The stored bytes in blocks of at most 1 MiB; with ``size`` at most so many, and only they are fetched.

        Raises ``ObjectMissing``, ``StoreUnavailable``.
        """
        with contextlib.ExitStack() as opened:
            fd = await in_thread(self._find, self._path(name), opened)
            if fd is None:
                raise ObjectMissing(f"There is no object {name}.")
            position, end = start, math.inf if size is None else start + size
            while block := await in_thread(self._next, fd, position, min(_BLOCK, end - position)):
                yield block
                position += len(block)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Names that start with the prefix, sorted."""
        folder, slash, _ = prefix.rpartition("/")
        waiting = [checked_name(folder) + slash if slash else ""]
        while waiting:
            name = waiting.pop()
            if name and not name.endswith("/"):
                yield name
            else:
                waiting += await in_thread(self._children, name, prefix)

    async def signed_url(self, name: str, *, seconds: float) -> None:  # noqa: ARG002  # as the port has it
        """None: files have owners, not signatures."""
        checked_name(name)

    async def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone."""
        await in_thread(self._remove, self._path(name))

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what dead processes left half written; returns how many files."""
        return await in_thread(sweep, self._root, before=self._now_ns() / 1e9 - older_than_seconds)

    def close(self) -> None:
        """Nothing is held between calls."""

    def _problems(self) -> AbstractContextManager[None]:
        return as_problems(refused=StoreQuota, failed=StoreUnavailable)

    def _path(self, name: str) -> Path:
        return self._root / checked_name(name)

    def _identity(self) -> str:
        path = self._root / ".lake-id"
        if not path.exists():
            write_once(self._root, path, str(uuid4()).encode())
        return path.read_text()

    async def _joined(self, parts: Sequence[str]) -> AsyncGenerator[bytes, None]:
        for part in parts:
            async with contextlib.aclosing(self.read(part)) as blocks:
                async for block in blocks:
                    yield block

    def _open(self, draft: Draft, final: Path) -> int:
        if os.path.lexists(final):  # known before the stream is read; ``_settle`` decides
            raise _taken(final)
        with self._problems():
            return draft.open()

    def _append(self, draft: Draft, digest: "hashlib._Hash", block: bytes) -> None:
        digest.update(block)
        with self._problems():
            draft.write(block)

    def _settle(self, draft: Draft, fd: int, name: str, sha256: str) -> StoredObject:
        final = self._path(name)
        with self._problems():
            # Finer than the file system's own clock, which can give two objects in a row the same time.
            now = self._now_ns()
            os.utime(fd, ns=(now, now))
            remember(fd, sha256)
            try:
                draft.settle(final)
            except (FileExistsError, NotADirectoryError) as error:
                raise _taken(final) from error
            return self._described(fd, name, sha256)

    def _described(self, fd: int, name: str, sha256: str) -> StoredObject:
        info = os.fstat(fd)
        return StoredObject(
            name=name, url=self.url(name), generation=info.st_mtime_ns, size_bytes=info.st_size, sha256=sha256
        )

    def _find(self, path: Path, opened: contextlib.ExitStack) -> int | None:
        with self._problems():
            try:
                fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            except (FileNotFoundError, NotADirectoryError):
                return None
            opened.callback(os.close, fd)
            return fd if stat.S_ISREG(os.fstat(fd).st_mode) else None

    def _next(self, fd: int, position: int, most: float) -> bytes:
        with self._problems():
            return os.pread(fd, int(most), position)

    def _look(self, path: Path, name: str) -> StoredObject | None:
        with self._problems(), contextlib.ExitStack() as opened:
            fd = self._find(path, opened)
            return None if fd is None else self._described(fd, name, fingerprint(fd))

    def _children(self, folder: str, prefix: str) -> Sequence[str]:
        names = []
        with self._problems():
            try:
                with os.scandir(self._root / folder) as entries:
                    visible = (entry for entry in entries if not entry.name.startswith("."))
                    names = [folder + entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in visible]
            except (FileNotFoundError, NotADirectoryError):
                return []
        # With its slash a folder sorts where its objects sort; backwards, for they are taken from the end.
        return sorted((name for name in names if name.startswith(prefix) or prefix.startswith(name)), reverse=True)

    def _remove(self, path: Path) -> None:
        with self._problems(), contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            path.unlink()
            sync_folder(path.parent)


def _taken(final: Path) -> ObjectExists:
    return ObjectExists(f"The name is taken: {final.as_uri()}.")


async def _gathered(blocks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Small blocks joined to about 1 MiB: a thread a block would cost more than the block."""
    waiting, size = [], 0
    async for block in blocks:
        waiting.append(block)
        size += len(block)
        if size >= _BLOCK:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
