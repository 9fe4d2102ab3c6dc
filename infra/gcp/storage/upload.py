"""Upload: one new object from pieces; it gets its name whole, or not at all."""

import contextlib
from typing import Any
from uuid import uuid4

from infra.gcp.storage.answers import as_problems
from infra.gcp.storage.bucket import Bucket, Found
from infra.gcp.storage.mark import Mark, Tally, settle, taken
from schemas.problem import Problem
from schemas.stored_object import StoreUnavailable

PENDING = ".pending/"  # objects without their name yet; those of the lake never start with a dot


class Upload:
    """Every method blocks; one thread at a time. What fits into one request is sent in one.

    More goes resumably to a place of its own: the sha256 that is kept with an object is known only at the end, and
    then the service itself copies the place under the name, on condition that the name is free.
    """

    def __init__(self, bucket: Bucket, name: str, *, chunk_bytes: int) -> None:
        self._bucket = bucket
        self._name = name
        self._chunk_bytes = chunk_bytes
        self._id = str(uuid4())
        self._place = PENDING + self._id
        self._tally = Tally()
        self._held: list[bytes] = []
        self._writer: Any = None

    def add(self, piece: bytes) -> None:
        """Take the next bytes. Raises ``ObjectExists`` and what ``as_problems`` raises."""
        self._tally.add(piece)
        self._held.append(piece)
        if self._writer is None and self._tally.size_bytes > self._chunk_bytes:
            self._begin()
        if self._writer is not None:
            self._send()

    def finish(self) -> Found:
        """Give the object its name. Raises what ``add`` raises."""
        mark = self._tally.mark(self._id)
        if self._writer is None:
            content = b"".join(self._held)
            self._held.clear()
            return settle(self._bucket, self._name, mark, lambda: self._bucket.put(self._name, content, mark.metadata))
        with as_problems():
            self._writer.close()
        return self._named(mark)

    def discard(self) -> None:
        """Remove what is not under the name; fine after ``finish``, and quick while pieces are missing."""
        if self._writer is None:
            return
        if self._writer.closed:
            with contextlib.suppress(Problem):  # the sweep takes what cannot be removed now
                self._bucket.remove(self._place)
        else:
            # Without a last piece there is no object, and the service forgets the rest. The writer must not live on:
            # its finalizer would send one. Its ``terminate`` would only ask first whether the service is there.
            self._writer._buffer.close()  # noqa: SLF001  # see above

    def _begin(self) -> None:
        if self._bucket.find(self._name) is not None:  # known before all is sent; ``settle`` decides
            raise taken(self._bucket, self._name)
        self._writer = self._bucket.writer(self._place, chunk_bytes=self._chunk_bytes)

    def _send(self) -> None:
        with as_problems():
            for piece in self._held:
                self._writer.write(piece)
        self._held.clear()

    def _named(self, mark: Mark) -> Found:
        place = self._bucket.find(self._place)
        if place is None:
            raise StoreUnavailable(f"What was sent of {self._name} is gone.")
        return settle(self._bucket, self._name, mark, lambda: self._bucket.join(self._name, [place], mark.metadata))
