"""A subscriber's memory in its own PostgreSQL: one small table, made on first use."""

import asyncio
from typing import Any

# Two processes that start together would both find no table, and one would fail.
_MAKE = """
DO $$ BEGIN
  PERFORM pg_advisory_xact_lock(1313164627);
  CREATE TABLE IF NOT EXISTS headrace_seen (
    subscriber text        NOT NULL,
    event_id   text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (subscriber, event_id)
  );
  CREATE INDEX IF NOT EXISTS headrace_seen_at ON headrace_seen (at);
END $$
"""

_HAS = "SELECT EXISTS (SELECT FROM headrace_seen WHERE subscriber = $1 AND event_id = $2)"

_ADD = """
WITH old AS (
  SELECT subscriber, event_id FROM headrace_seen WHERE at < now() - $3 * interval '1 day'
  LIMIT 100 FOR UPDATE SKIP LOCKED
), forgotten AS (
  DELETE FROM headrace_seen s USING old WHERE (s.subscriber, s.event_id) = (old.subscriber, old.event_id)
)
INSERT INTO headrace_seen (subscriber, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""


class PostgresSeen:
    """Remembers events in the table ``headrace_seen``, across processes and restarts, for ``keep_days`` days.

    Takes the address of a database, or an asyncpg pool, which stays its owner's to close.
    """

    def __init__(self, database: Any, *, keep_days: int = 45) -> None:
        self._database = database
        self._keep_days = keep_days
        self._pool: Any = None
        self._opening = asyncio.Lock()

    async def has(self, subscriber: str, event_id: str) -> bool:
        """Whether this subscriber handled the event. Raises asyncpg's errors."""
        pool = await self._ready()
        return bool(await pool.fetchval(_HAS, subscriber, event_id))

    async def add(self, subscriber: str, event_id: str) -> None:
        """Remember that this subscriber handled the event, and forget what is too old. Raises asyncpg's errors."""
        pool = await self._ready()
        await pool.execute(_ADD, subscriber, event_id, self._keep_days)

    async def close(self) -> None:
        """Give back connections that were opened here."""
        if self._pool is not None and self._pool is not self._database:
            await self._pool.close()

    async def _ready(self) -> Any:
        async with self._opening:
            if self._pool is None:
                pool = self._database
                if isinstance(pool, str):
                    import asyncpg  # noqa: PLC0415  # subscribers without PostgreSQL need no driver

                    pool = await asyncpg.create_pool(pool, min_size=0, max_size=4)
                await pool.execute(_MAKE)
                self._pool = pool
        return self._pool
