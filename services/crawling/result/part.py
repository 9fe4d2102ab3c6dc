"""One part of a result: judged while it streams, stored as one gzip member, never half."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec
from isal import isal_zlib
from msgspec import Struct

from schemas.stored_object import ObjectExists, StoredObject
from services.crawling.ports import Lake
from services.crawling.result.gunzip import Gunzip
from services.crawling.result.ndjson import Judge, Reject
from services.crawling.result.tally import Tally

_GZIP = 31  # window bits that ask zlib for a gzip member
_LEVEL = 1


class Deflate(Protocol):
    """A running compression."""

    def compress(self, data: bytes) -> bytes:
        """The compressed bytes that are ready."""

    def flush(self) -> bytes:
        """The rest, with the trailer."""


class Place(Struct, frozen=True, kw_only=True):
    """Where the objects of one attempt lie."""

    prefix: str

    @property
    def parts(self) -> str:
        """What the names of all parts begin with."""
        return f"{self.prefix}/parts/"

    def part(self, number: int) -> str:
        """Name of a part."""
        return f"{self.parts}{number:05d}.ndjson.gz"

    def rejects(self, number: int) -> str:
        """Name of the rejected lines of a part."""
        return f"{self.prefix}/rejects/part-{number:05d}.ndjson"

    @property
    def records(self) -> str:
        """Name of the composed result."""
        return f"{self.prefix}/records.ndjson.gz"

    @property
    def manifest(self) -> str:
        """Name of the proof."""
        return f"{self.prefix}/manifest.json"


@dataclass
class PartWriter:
    """Stores parts one after the other. ``digest`` is None once it cannot speak for the whole result any more."""

    lake: Lake
    place: Place
    tally: Tally
    digest: Any | None

    async def store(self, number: int, blocks: AsyncIterator[bytes], *, last: bool) -> StoredObject:
        """Judge and store one part; a part that is there already is counted instead.

        Raises the stream's, the judge's and the lake's problems; then nothing of the part is visible.
        """
        name = self.place.part(number)
        there = await self.lake.stat(name)
        if there is not None:
            return await self._adopt(number, there, last=last)
        before = replace(self.tally)
        judge = Judge(tally=self.tally, digest=self.digest)
        try:
            return await self.lake.create(name, self._refine(judge, blocks, number, last=last))
        except ObjectExists:
            self.tally = before
            there = await self.lake.stat(name)
            if there is None:
                raise
            return await self._adopt(number, there, last=last)

    async def _refine(
        self, judge: Judge, blocks: AsyncIterator[bytes], number: int, *, last: bool
    ) -> AsyncIterator[bytes]:
        deflate = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
        async for block in blocks:
            if packed := await asyncio.to_thread(_pack, judge, deflate, block):
                yield packed
        if packed := await asyncio.to_thread(_pack_rest, judge, deflate, last):
            yield packed
        # the rejects are stored before the part becomes visible: who finds the part finds them too
        if judge.rejects:
            await self._store_rejects(number, judge.rejects)

    async def _store_rejects(self, number: int, rejects: list[Reject]) -> None:
        async def lines() -> AsyncIterator[bytes]:
            for reject in rejects:
                yield _reject_line(reject)

        try:
            await self.lake.create(self.place.rejects(number), lines())
        except ObjectExists:
            return  # an earlier, interrupted run of this part stored the same lines

    async def _adopt(self, number: int, there: StoredObject, *, last: bool) -> StoredObject:
        self.digest = None
        judge = Judge(tally=self.tally)
        gunzip = Gunzip()
        async for block in self.lake.read(self.place.part(number)):
            for plain in await asyncio.to_thread(lambda packed: list(gunzip.feed(packed)), block):
                await asyncio.to_thread(judge.feed, plain)
        for plain in gunzip.finish():
            judge.feed(plain)
        list(judge.finish(last=last))
        self.tally.rejected += await self._count_rejects(number)
        return there

    async def _count_rejects(self, number: int) -> int:
        name = self.place.rejects(number)
        if await self.lake.stat(name) is None:
            return 0
        return sum([block.count(b"\n") async for block in self.lake.read(name)])


def _pack(judge: Judge, deflate: Deflate, block: bytes) -> bytes:
    return deflate.compress(judge.feed(block))


def _pack_rest(judge: Judge, deflate: Deflate, last: bool) -> bytes:  # noqa: FBT001  # called through a thread
    return b"".join(deflate.compress(block) for block in judge.finish(last=last)) + deflate.flush()


def _reject_line(reject: Reject) -> bytes:
    raw = reject.raw.decode("utf-8", "backslashreplace")
    return msgspec.json.encode({"line": reject.line, "reason": str(reject.reason), "raw": raw}) + b"\n"
