"""Mark: what an object must turn out to be, known before it gets its name."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import google_crc32c

from infra.gcp.storage.answers import Unmet
from infra.gcp.storage.bucket import Bucket, Found
from schemas.stored_object import ObjectExists, ObjectMissing, StoreUnavailable


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Sums over all bytes, ``crc32c`` as Cloud Storage writes it. ``writer`` tells one writer from all others."""

    sha256: str
    crc32c: str
    size_bytes: int
    writer: str

    @property
    def metadata(self) -> dict[str, str]:
        """What is kept with the object."""
        return {"sha256": self.sha256, "writer": self.writer}


class Tally:
    """Sums up bytes as they pass."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._sha256 = hashlib.sha256()
        self._crc32c: Any = google_crc32c.Checksum()  # type: ignore[no-untyped-call]  # its own types say nothing

    def add(self, block: bytes) -> None:
        """Count a block in."""
        self.size_bytes += len(block)
        self._sha256.update(block)
        self._crc32c.update(block)

    @property
    def sha256(self) -> str:
        """In hexadecimal digits."""
        return self._sha256.hexdigest()

    @property
    def crc32c(self) -> str:
        """As Cloud Storage writes it: base64, big-endian."""
        return base64.b64encode(self._crc32c.digest()).decode()

    def mark(self, writer: str) -> Mark:
        """What an object of these bytes must turn out to be."""
        return Mark(sha256=self.sha256, crc32c=self.crc32c, size_bytes=self.size_bytes, writer=writer)


def settle(bucket: Bucket, name: str, mark: Mark, write: Callable[[], Found]) -> Found:
    """Give an object its name and check what lies there then; what differs from its mark is removed.

    Raises ``ObjectExists``, ``ObjectMissing`` (of a part), and what ``as_problems`` raises.
    """
    try:
        found = write()
    except Unmet as error:
        found = _standing(bucket, name, error)
        if found.writer != mark.writer:
            raise taken(bucket, name) from error
    if (found.size_bytes, found.crc32c) != (mark.size_bytes, mark.crc32c):
        bucket.remove(name, generation=found.generation)
        raise StoreUnavailable(f"What was stored as {name} is not what was sent.")
    return replace(found, sha256=mark.sha256)


def taken(bucket: Bucket, name: str) -> ObjectExists:
    """The problem of a name that has its object."""
    return ObjectExists(f"The name is taken: {bucket.url(name)}.")


def _standing(bucket: Bucket, name: str, error: Unmet) -> Found:
    # A request whose answer was lost is sent again by the client and then meets its own object.
    found = bucket.find(name)
    if found is None:
        raise ObjectMissing(f"A part of {name} is gone.") from error
    return found
