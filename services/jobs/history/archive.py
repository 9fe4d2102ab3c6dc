"""Move what is over into the warehouse: batch after batch, each a load of its own, whole and once."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from infra.postgres.database import Database, Transaction
from schemas.load_source import LoadSource, WarehouseUnavailable
from schemas.stored_object import ObjectExists, ObjectMissing, StoredObject

if TYPE_CHECKING:
    from pydantic import BaseModel

log = structlog.get_logger()

MOST_FAILURES = 3  # so many batches in a row are not bad: the warehouse is
BREATH_SECONDS = 0.05  # between batches: others want the database too

Leave = Callable[[Transaction], Awaitable[tuple[UUID, int] | None]]
"""Put what is old into one batch; returns its id and how many left, None when nothing is old."""


class Lake(Protocol):
    """Objects that are written once."""

    async def create(self, name: str, blocks: AsyncIterator[bytes]) -> StoredObject:
        """Write a new object. Raises ``ObjectExists``."""

    async def delete(self, name: str) -> None:
        """Remove an object; fine if it is gone."""


class Warehouse(Protocol):
    """Tables to query."""

    async def load(self, load_id: str, table: str, sources: Sequence[LoadSource]) -> Mapping[str, int]:
        """Load objects; the same ``load_id`` twice loads once. Raises ``ObjectMissing``."""

    async def publish(self, table: str, attempts: Mapping[str, int]) -> None:
        """Make loaded rows visible. Doing it again changes nothing."""

    async def find(self, table: str, equal: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The visible rows whose columns have these values."""


class Leaving(Struct, frozen=True, kw_only=True):
    """What leaves for a table: which batches wait, what is in them, and what becomes of one that arrived."""

    table: str
    folder: str  # of the lake, where a batch lies while it is loaded
    found_by: str  # the column that rows are looked up by
    batches: Callable[[Transaction], Awaitable[list[UUID]]]
    batch: Callable[[Transaction, UUID], Awaitable[list[str]]]
    arrived: Callable[[Transaction, UUID], Awaitable[None]]
    row: Callable[[Mapping[str, Any], UUID], "BaseModel"]


async def archive(
    stop: asyncio.Event,
    *,
    leaving: Leaving,
    leave: Leave,
    database: Database,
    lake: Lake,
    warehouse: Warehouse,
) -> int:
    """Bring what waits and whatever leaves now into the warehouse, until ``stop`` is set; returns how many left.

    A batch is kept until its rows are seen there, so that it is always found in one place and loaded once, however
    often this is interrupted or run at once. One that cannot be loaded is logged, tried again the next time, and in
    nobody's way; after ``MOST_FAILURES`` in a row nothing more leaves, and only one more where all that waited failed.
    """
    bring = partial(_brought, leaving=leaving, database=database, lake=lake, warehouse=warehouse)
    async with database.reading() as tx:
        waiting = await leaving.batches(tx)
    brought = [await bring(load_id) for load_id in waiting if not stop.is_set()]
    moved, failures = 0, MOST_FAILURES - 1 if brought and not any(brought) else 0
    while not stop.is_set() and failures < MOST_FAILURES:
        async with database.transaction() as tx:
            left = await leave(tx)
        if left is None:
            break
        load_id, size = left
        moved += size
        failures = 0 if await bring(load_id) else failures + 1
        await asyncio.sleep(BREATH_SECONDS)
    return moved


async def _brought(load_id: UUID, *, leaving: Leaving, database: Database, lake: Lake, warehouse: Warehouse) -> bool:
    try:
        await _load(load_id, leaving=leaving, database=database, lake=lake, warehouse=warehouse)
    except Exception:
        log.exception("a batch could not be archived", table=leaving.table, load_id=str(load_id))
        return False
    return True


async def _load(load_id: UUID, *, leaving: Leaving, database: Database, lake: Lake, warehouse: Warehouse) -> None:
    async with database.reading() as tx:
        batch = await leaving.batch(tx, load_id)
    if not batch:
        return  # another clean-up was faster
    rows = await asyncio.to_thread(_rows, batch, load_id, leaving)
    name = f"{leaving.folder}/{load_id}.ndjson.gz"
    try:
        await lake.create(name, _block(rows))
    except ObjectExists:
        log.info("a batch is archived again", table=leaving.table, load_id=str(load_id))
    try:
        source = LoadSource(key=str(load_id), attempt=1, object_name=name)
        counts = await warehouse.load(str(load_id), leaving.table, [source])
    except ObjectMissing:
        return  # see above
    await warehouse.publish(leaving.table, {str(load_id): 1})
    await _require_there(rows, counts, load_id, leaving=leaving, warehouse=warehouse)
    await lake.delete(name)
    async with database.transaction() as tx:
        await leaving.arrived(tx, load_id)


async def _require_there(
    rows: Sequence["BaseModel"], counts: Mapping[str, int], load_id: UUID, *, leaving: Leaving, warehouse: Warehouse
) -> None:
    # a batch shows whole or not at all, so that one of its rows speaks for all that were counted
    one = {leaving.found_by: getattr(rows[0], leaving.found_by), "load_id": str(load_id)}
    if counts.get(str(load_id)) != len(rows) or not await warehouse.find(leaving.table, one):
        raise WarehouseUnavailable(f"not all of {len(rows)} rows are seen in {leaving.table}")


def _rows(batch: Sequence[str], load_id: UUID, leaving: Leaving) -> list["BaseModel"]:
    return [leaving.row(msgspec.json.decode(one), load_id) for one in batch]


async def _block(rows: Sequence["BaseModel"]) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(_lines, rows)


def _lines(rows: Sequence["BaseModel"]) -> bytes:
    return gzip.compress("".join(f"{row.model_dump_json()}\n" for row in rows).encode(), mtime=0)
