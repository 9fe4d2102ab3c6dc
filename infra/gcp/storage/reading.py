"""Reading: an object piece by piece, as it was found and proven whole."""

import base64
from typing import Any

import google_crc32c

from infra.gcp.storage.answers import Unmet
from infra.gcp.storage.bucket import Bucket, Found
from schemas.stored_object import ObjectMissing, StoreUnavailable


class Reading:
    """The bytes of one generation of an object, or some of them: only the whole is proven."""

    def __init__(
        self, bucket: Bucket, found: Found, *, piece_bytes: int, start: int = 0, size: int | None = None
    ) -> None:
        self._bucket = bucket
        self._found = found
        self._piece_bytes = piece_bytes
        self._crc32c: Any = google_crc32c.Checksum()  # type: ignore[no-untyped-call]  # its own types say nothing
        self._end = found.size_bytes if size is None else min(start + size, found.size_bytes)
        self._whole = (start, self._end) == (0, found.size_bytes)
        self._position = start

    def next(self) -> bytes:
        """The next piece, empty after the last; blocks.

        Raises ``ObjectMissing`` when the object is gone or another, and ``StoreUnavailable`` instead of the last
        piece when what came is not what was stored.
        """
        end = min(self._position + self._piece_bytes, self._end)
        if self._position >= end:
            return b""
        try:
            piece = self._bucket.part(self._found, self._position, end)
        except Unmet as error:
            raise ObjectMissing(f"There is no object {self._found.name} any more.") from error
        self._check(piece, end)
        return piece

    def _check(self, piece: bytes, end: int) -> None:
        self._position += len(piece)
        self._crc32c.update(piece)
        proven = self._whole and end == self._end
        if self._position != end or (proven and _text(self._crc32c) != self._found.crc32c):
            raise StoreUnavailable(f"What came of {self._found.name} is not what is stored.")


def _text(crc32c: Any) -> str:
    return base64.b64encode(crc32c.digest()).decode()
