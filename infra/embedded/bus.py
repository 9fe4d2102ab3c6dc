"""The bus of a machine without Pub/Sub: subscriptions, deliveries and dead letters are rows in PostgreSQL."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from infra.embedded.consumer import Consumer, Pace
from infra.postgres import bus as sql
from infra.postgres.database import Database
from infra.postgres.dead_letters import KeptLetters
from infra.runtime.events.bus import Handler, Subscription
from schemas.envelope import Envelope

if TYPE_CHECKING:
    import aiohttp


class EmbeddedBus(KeptLetters):
    """Shared by all processes on one database.

    ``doorbell`` belongs to this bus alone: whoever sets it makes ``consume`` look at once instead of at the next poll.
    ``ring`` is called when there is something to deliver, to wake other processes too; by default it sets the doorbell.
    With a ``session``, ``consume`` serves push subscriptions too, those of other processes included; its connector
    must not limit connections, or slow endpoints would hold up the others.
    """

    def __init__(
        self,
        database: Database,
        *,
        doorbell: asyncio.Event,
        ring: Callable[[], None] | None = None,
        session: "aiohttp.ClientSession | None" = None,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(database)
        self._doorbell = doorbell
        self._ring = ring or doorbell.set
        self._session = session
        self._pace = pace or Pace()
        self._consumer: Consumer | None = None
        self._consuming: asyncio.Task[None] | None = None
        self._parties = 0

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Give every subscription of their topics a delivery, all or nothing."""
        if not envelopes:
            return
        async with self._database.pool.acquire() as connection:
            await sql.publish(connection, envelopes)
        self._ring()

    async def declare(self, subscription: Subscription) -> None:
        """Make or change a subscription; it gets what is published from now on."""
        async with self._database.pool.acquire() as connection:
            await sql.declare(connection, subscription)

    async def remove(self, name: str) -> None:
        """End a subscription and drop its deliveries; fine if there is none."""
        async with self._database.pool.acquire() as connection:
            await sql.remove(connection, name)

    async def consume(self, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
        """Deliver to these functions, and to endpoints if there is a session, until ``stop`` is set.

        May be called many times at once, for different subscriptions: they share one look at the database.
        """
        consumer, consuming = self._join()
        consumer.handlers.update(handlers)
        self._doorbell.set()
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({stopped, consuming}, return_when=asyncio.FIRST_COMPLETED)
            if consuming.done():
                await consuming  # it never ends by itself: this raises what ended it
        finally:
            stopped.cancel()
            self._parties -= 1
            if self._parties:
                await consumer.release(handlers)
            else:
                self._consumer = None
                consumer.stop()
                await consuming

    def _join(self) -> tuple[Consumer, asyncio.Task[None]]:
        if self._consumer is None or self._consuming is None:
            self._consumer = Consumer(self._database, doorbell=self._doorbell, session=self._session, pace=self._pace)
            self._consuming = asyncio.create_task(self._consumer.run())
        self._parties += 1
        return self._consumer, self._consuming

    async def replay(self, dead_letter_id: str, *, tenant: str | None = None) -> None:
        """Deliver a dead letter again. Raises ``DeadLetterUnknown``, ``SubscriptionGone``, ``DatabaseAway``."""
        async with self._database.statement() as tx:
            await sql.replay(tx.connection, dead_letter_id, tenant=tenant)
        self._ring()

    async def keep_dead_letters(self, _: asyncio.Event) -> int:
        """Nothing to take over: this bus keeps its dead letters itself."""
        return 0
