"""An event log with old days, beside a lake and a warehouse that may die."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from infra.embedded.lake import Lake
from infra.postgres.database import Database
from infra.postgres.event_log import make_days
from services.events.history.archive_events import archive_events
from tests.flow.jobs.archive import Fragile

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
OLD = 31  # the youngest age in days that leaves

_TELL = """
INSERT INTO events (id, type, tenant, subject, time, data, traceparent)
SELECT unnest($1::text[])::uuid, $2, $3, 'crawl-' || generate_series(1, cardinality($1::text[])), $4, $5, $6
"""


@dataclass
class EventArchive:
    """An event log beside a lake and a warehouse."""

    database: Database
    lake: Lake
    warehouse: Fragile

    async def told(
        self,
        *,
        days_ago: int = OLD,
        count: int = 1,
        data: dict[str, Any] | None = None,
        type: str = "crawl.failed",  # noqa: A002  # the column
        tenant: str = "default",
        traceparent: str | None = None,
    ) -> list[str]:
        """So many events of that day; their ids in the order of the log."""
        moment = NOW - timedelta(days=days_ago)
        await make_days(self.database, now=moment)
        ids = [str(uuid4()) for _ in range(count)]
        await self.database.pool.execute(_TELL, ids, type, tenant, moment, data or {"attempt": 1}, traceparent)
        return ids

    async def run(self, *, stop: asyncio.Event | None = None) -> int:
        return await archive_events(
            stop or asyncio.Event(), database=self.database, lake=self.lake, warehouse=self.warehouse, now=NOW
        )

    async def here(self) -> list[str]:
        """Ids of the events in PostgreSQL."""
        rows = await self.database.pool.fetch("SELECT id FROM events ORDER BY xid, seq")
        return [str(row["id"]) for row in rows]

    async def days(self) -> list[int]:
        """How old the days of the log are that have a partition and are not younger than ``NOW``."""
        rows = await self.database.pool.fetch(
            "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass"
        )
        named = [row["name"].removeprefix("events_") for row in rows]
        found = [(NOW.date() - datetime.strptime(one, "%Y%m%d").date()).days for one in named if one != "rest"]  # noqa: DTZ007  # a day
        return sorted(one for one in found if one >= 0)

    async def archived(self) -> list[str]:
        """Ids of the events in the warehouse."""
        return [row["event_id"] for row in await self.warehouse.query("SELECT event_id FROM events ORDER BY event_id")]

    async def row(self, event_id: str) -> dict[str, Any]:
        """What the warehouse has of an event, its data read."""
        [row] = await self.warehouse.query(f"SELECT * FROM events WHERE event_id = '{event_id}'")
        return {**row, "data": json.loads(row["data"])}

    async def loads(self) -> list[int]:
        """How many events each load brought."""
        rows = await self.warehouse.query("SELECT count(*) AS n FROM events GROUP BY load_id ORDER BY n DESC")
        return [row["n"] for row in rows]

    async def left_over(self) -> tuple[list[str], int]:
        """Objects in the lake, and batches that are remembered."""
        objects = [name async for name in self.lake.list("")]
        return objects, await self.database.pool.fetchval("SELECT count(*) FROM leaving_events")
