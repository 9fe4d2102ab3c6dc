"""Move days of the event log that ended long ago into the warehouse, and drop them here once they are there."""

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from infra.postgres.database import Database, Transaction
from infra.postgres.event_log import drop_day, old_days
from schemas.envelope import source
from schemas.records.table_names import EVENTS
from services.events.store import history
from services.jobs.history.archive import Lake, Leaving, Warehouse, archive

if TYPE_CHECKING:
    from schemas.records.archived_event import ArchivedEvent

log = structlog.get_logger()

EVENT_DAYS = 30
BATCH = 10_000  # events a load, at most
MOST_BYTES = 8 << 20  # of their data; the event that passes it is the last of its batch


def archived(event: Mapping[str, Any], *, load_id: UUID) -> "ArchivedEvent":
    """An event of the log, as JSON has it, for the warehouse."""
    from schemas.records.archived_event import ArchivedEvent  # noqa: PLC0415  # who archives none needs no pydantic

    return ArchivedEvent.model_validate({**event, "load_id": str(load_id), "source": source(event["type"])})


_LEAVING = Leaving(
    table=EVENTS,
    folder="events/history",
    found_by="subject",
    batches=history.batches,
    batch=history.batch,
    arrived=history.arrived,
    row=lambda event, load_id: archived(event, load_id=load_id),
)


async def archive_events(
    stop: asyncio.Event,
    *,
    database: Database,
    lake: Lake,
    warehouse: Warehouse,
    days: int = EVENT_DAYS,
    now: datetime | None = None,
) -> int:
    """Archive days that ended ``days`` ago or earlier (by the database's clock, or ``now``), until ``stop`` is set.

    A day is dropped whole, once every one of its events was seen in the warehouse; one that cannot be loaded stays, and
    is in no other day's way. Returns how many events left. See ``archive``.
    """
    async with database.reading() as tx:
        old = await old_days(tx, keep_days=days, now=now)

    async def leave(tx: Transaction) -> tuple[UUID, int] | None:
        return await history.leave(tx, old, limit=BATCH, most_bytes=MOST_BYTES)

    moved = await archive(stop, leaving=_LEAVING, leave=leave, database=database, lake=lake, warehouse=warehouse)
    dropped = [day for day in old if await _dropped(day, database)]
    if dropped:
        log.info("event days archived", days=[str(day) for day in dropped], events=moved)
    if staying := [str(day) for day in old if day not in dropped]:
        log.warning("event days stay until the warehouse has them", days=staying)
    return moved


async def _dropped(day: date, database: Database) -> bool:
    # apart from the drop, or two clean-ups would hold what the other one waits for: no event is so late
    async with database.reading() as tx:
        if not await history.all_arrived(tx, day):
            return False
    async with database.transaction() as tx:
        await drop_day(tx, day)
        await history.forget(tx, day)
    return True
