"""The sha256 of a stored file, kept beside its bytes where the file system can."""

import contextlib
import hashlib
import os
import sys

_ATTRIBUTE = "user.headrace.sha256"


def remember(fd: int, sha256: str) -> None:
    """Keep the hash with the file as it is now; a file system without attributes keeps nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setxattr(fd, _ATTRIBUTE, f"{sha256} {_state(fd)}".encode())


def fingerprint(fd: int) -> str:
    """The sha256 of an open file: as kept, or read again when nothing is kept or the file changed since."""
    kept, _, state = _kept(fd).partition(" ")
    if state == _state(fd):
        return kept
    with os.fdopen(os.dup(fd), "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kept(fd: int) -> str:
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            return os.getxattr(fd, _ATTRIBUTE).decode(errors="replace")
    return ""


def _state(fd: int) -> str:
    info = os.fstat(fd)
    return f"{info.st_size} {info.st_mtime_ns}"
