"""The lake in a bucket of Cloud Storage."""

import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from functools import cached_property
from uuid import uuid4

from google.auth.credentials import Signing

from infra.gcp.storage.bucket import Bucket, Found
from infra.gcp.storage.identity import identity
from infra.gcp.storage.joining import join
from infra.gcp.storage.mark import Tally, taken
from infra.gcp.storage.pieces import pieces
from infra.gcp.storage.reading import Reading
from infra.gcp.storage.signing import Addresses
from infra.gcp.storage.upload import PENDING, Upload
from infra.gcp.threads import Threads
from schemas.stored_object import ObjectMissing, StoredObject, checked_name

_BLOCK = 1 << 20  # bytes
_CHUNK = 8 << 20  # bytes
_LONGEST = 900.0  # seconds


class StorageLake:
    """Objects that are written once, under ``gs://bucket[/prefix]``.

    The bucket must exist; the process's own credentials need ``storage.objects.{create,get,list,delete}`` on it. What
    begins with ``.pending/`` is in the making, and a lifecycle rule may remove it after two days; ``.lake-id`` is the
    lake's identity. With ``emulator`` (its URL) the bucket is made and nobody is asked for credentials.

    Addresses are signed by ``signing``; unset, by the process's own credentials, without a key file where the account
    may ``iam.serviceAccounts.signBlob`` for itself.

    ``chunk_bytes`` is what one request carries, a multiple of 256 KiB and at most 8 MiB; a writer and a reader hold
    about five of them in memory, whatever the object's size. ``now`` (seconds since 1970) is for ``sweep``.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        project: str | None = None,
        emulator: str | None = None,
        signing: Signing | None = None,
        chunk_bytes: int = _CHUNK,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._bucket = Bucket(bucket, prefix=prefix, project=project, emulator=emulator)
        self._addresses = Addresses(self._bucket, signing=signing, emulator=emulator)
        self._chunk_bytes = chunk_bytes
        self._now = now
        self._threads = Threads("storage")

    @cached_property
    def id(self) -> str:
        """The same for everyone who uses this lake; asked for at the first call, which blocks."""
        return identity(self._bucket)

    def url(self, name: str) -> str:
        """The address other teams use: ``gs://...``."""
        return self._bucket.url(checked_name(name))

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object from a stream; an exception or a cancellation in the stream leaves nothing behind.

        Raises ``ObjectExists``, ``ObjectNameRefused``, ``StoreForbidden``, ``StoreQuota``, ``StoreUnavailable``.
        """
        upload = Upload(self._bucket, checked_name(name), chunk_bytes=self._chunk_bytes)
        try:
            async with contextlib.aclosing(pieces(blocks)) as cut:
                async for piece in cut:
                    await self._threads.run(upload.add, piece)
            return await self._described(await self._threads.run(upload.finish))
        finally:
            await self._threads.run(upload.discard)

    async def compose(self, name: str, parts: Sequence[str]) -> StoredObject:
        """Join objects into one new object, in order. Raises what ``create`` raises, and ``ObjectMissing``.

        The service joins them; they are read here as well, for the sha256 of the whole.
        """
        if await self._threads.run(self._bucket.find, checked_name(name)) is not None:
            raise taken(self._bucket, name)
        tally, found = Tally(), [await self._find(part) for part in parts]
        for part in found:
            await self._sum(part, tally)
        mark = tally.mark(str(uuid4()))
        if not found:
            return await self.create(name, _nothing())
        return await self._described(await self._threads.run(join, self._bucket, name, found, mark))

    async def stat(self, name: str) -> StoredObject | None:
        """What lies under a name, or None."""
        found = await self._threads.run(self._bucket.find, checked_name(name))
        return None if found is None else await self._described(found)

    async def read(self, name: str, *, start: int = 0, size: int | None = None) -> AsyncGenerator[bytes, None]:
        """The stored bytes in blocks of at most 1 MiB; with ``size`` at most so many, and only they are fetched.

        Raises ``ObjectMissing``, ``StoreUnavailable``.
        """
        reading = self._reading(await self._find(name), start=start, size=size)
        while piece := await self._threads.run(reading.next):
            for cut in range(0, len(piece), _BLOCK):
                yield piece[cut : cut + _BLOCK]

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """Names that start with the prefix, sorted."""
        folder, slash, _ = prefix.rpartition("/")
        pages = self._bucket.pages(checked_name(folder) + prefix[len(folder) :] if slash else prefix)
        while (page := await self._threads.run(next, pages, None)) is not None:
            for found in page:
                if not found.name.startswith("."):
                    yield found.name

    async def signed_url(self, name: str, *, seconds: float) -> str | None:
        """Where anybody may read an object for so long, at most 15 minutes; None where nobody here can sign."""
        return await self._threads.run(self._addresses.signed, checked_name(name), seconds=min(seconds, _LONGEST))

    async def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone."""
        await self._threads.run(self._bucket.remove, checked_name(name))

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove what dead processes left half written; returns how many objects."""
        before, removed = self._now() - older_than_seconds, 0
        pages = self._bucket.pages(PENDING)
        while (page := await self._threads.run(next, pages, None)) is not None:
            for found in page:
                if found.made_at.timestamp() < before:
                    await self._threads.run(self._bucket.remove, found.name, generation=found.generation)
                    removed += 1
        return removed

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.close()

    async def _find(self, name: str) -> Found:
        found = await self._threads.run(self._bucket.find, checked_name(name))
        if found is None:
            raise ObjectMissing(f"There is no object {name}.")
        return found

    def _reading(self, found: Found, *, start: int = 0, size: int | None = None) -> Reading:
        return Reading(self._bucket, found, piece_bytes=self._chunk_bytes, start=start, size=size)

    async def _sum(self, found: Found, tally: Tally) -> None:
        reading = self._reading(found)
        while piece := await self._threads.run(reading.next):
            await self._threads.run(tally.add, piece)

    async def _described(self, found: Found) -> StoredObject:
        tally = Tally()
        if found.sha256 is None:  # somebody else wrote it
            await self._sum(found, tally)
        return StoredObject(
            name=found.name,
            url=self._bucket.url(found.name),
            generation=found.generation,
            size_bytes=found.size_bytes,
            sha256=found.sha256 or tally.sha256,
        )


async def _nothing() -> AsyncGenerator[bytes, None]:
    for block in list[bytes]():
        yield block
