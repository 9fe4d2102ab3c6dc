"""What a load job reads: the lines of all its sources as rows in one Parquet file of the lake."""

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from infra.embedded.threads import in_thread
from infra.gcp.bigquery.ledger import LOADED_BY
from infra.runtime.lake import Lake
from schemas.load_source import LoadSource
from schemas.problem import Problem
from schemas.stored_object import ObjectExists, ObjectMissing

if TYPE_CHECKING:
    from infra.embedded.parquet import RowWriter

FOLDER = "warehouse"


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A file to load. ``contents`` are attempt and rows by key, ``made`` is in seconds since 1970."""

    object_name: str
    contents: Mapping[str, tuple[int, int]]
    made: float


class Staging:
    """Files under ``warehouse/<table>/<load id>/``. The manifest there, written once, says which of them is loaded."""

    def __init__(self, lake: Lake, judges: Mapping[str, Callable[[bytes], Any]], now: Callable[[], float]) -> None:
        self._lake = lake
        self._judges = judges
        self._now = now

    async def staged(
        self, load_id: str, table: str, columns: Sequence[Mapping[str, str]], sources: Sequence[LoadSource]
    ) -> Staged:
        """The file of this load, made now unless somebody did before; memory does not grow with the sources.

        Its columns are as nullable as these: BigQuery takes no other file.
        Raises ``WarehouseRejected`` for bad data, ``ObjectMissing``, and what the lake raises.
        """
        folder = f"{FOLDER}/{table}/{load_id}"
        with contextlib.suppress(ObjectMissing):
            return await self._manifest(folder)
        name, contents = f"{folder}/{int(self._now())}-{uuid4()}.parquet", dict[str, tuple[int, int]]()
        stamped = [replace(source, columns={**source.columns, LOADED_BY: load_id}) for source in sources]
        async with contextlib.aclosing(self._parquet(columns, stamped, contents)) as blocks:
            await self._lake.create(name, blocks)
        try:
            text = json.dumps({"object_name": name, "contents": contents, "made": self._now()})
            await self._lake.create(f"{folder}/manifest.json", _one(text.encode()))
        except ObjectExists:
            await self._lake.delete(name)
        return await self._manifest(folder)

    async def loaded(self, staged: Staged) -> None:
        """The file is not needed any more; its manifest tells those who come late what was in it."""
        with contextlib.suppress(Problem):  # the sweep takes it then
            await self._lake.delete(staged.object_name)

    async def sweep(self, older_than_seconds: float) -> int:
        """Remove manifests and files of loads that were begun before; returns how many objects."""
        before, folders = self._now() - older_than_seconds, dict[str, list[str]]()
        async for name in self._lake.list(f"{FOLDER}/"):
            folders.setdefault(name.rpartition("/")[0], []).append(name)
        removed = 0
        for folder, found in folders.items():
            if await self._begun(folder, found) < before:
                for name in found:
                    await self._lake.delete(name)
                removed += len(found)
        return removed

    async def _manifest(self, folder: str) -> Staged:
        async with contextlib.aclosing(self._lake.read(f"{folder}/manifest.json")) as blocks:
            read = json.loads(b"".join([block async for block in blocks]))
        contents = {key: (attempt, rows) for key, (attempt, rows) in read["contents"].items()}
        return Staged(object_name=read["object_name"], contents=contents, made=read["made"])

    async def _begun(self, folder: str, names: Sequence[str]) -> float:
        with contextlib.suppress(ObjectMissing):
            return (await self._manifest(folder)).made
        files = [name.rpartition("/")[2] for name in names if name.endswith(".parquet")]
        # none: somebody else, who sweeps too, has just removed the manifest
        return max((float(name.partition("-")[0]) for name in files), default=self._now())

    async def _parquet(
        self, columns: Sequence[Mapping[str, str]], sources: Sequence[LoadSource], contents: dict[str, tuple[int, int]]
    ) -> AsyncGenerator[bytes, None]:
        written: list[bytes] = []
        writer = await in_thread(self._writer, columns, written)
        try:
            for source in sources:
                writer.begin(source)
                async with contextlib.aclosing(self._lake.read(source.object_name)) as blocks:
                    async for block in blocks:
                        await in_thread(writer.feed, block)
                        yield _taken(written)
                await in_thread(writer.end)
            await in_thread(writer.close)
            contents |= writer.contents
            yield _taken(written)
        finally:
            await in_thread(writer.abandon)

    def _writer(self, columns: Sequence[Mapping[str, str]], written: list[bytes]) -> "RowWriter":
        from infra.embedded.parquet import RowWriter, into  # noqa: PLC0415  # pyarrow takes long to load

        return RowWriter(into(written), columns, self._judges)


def _taken(written: list[bytes]) -> bytes:
    block = b"".join(written)
    written.clear()
    return block


async def _one(block: bytes) -> AsyncIterator[bytes]:
    yield block
