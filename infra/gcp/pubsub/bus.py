"""The bus on Pub/Sub."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from google.api_core.exceptions import NotFound
from google.pubsub_v1.types import PubsubMessage

from infra.gcp.pubsub import topology
from infra.gcp.pubsub.clients import ASKING, Clients
from infra.gcp.pubsub.given_up import keep_given_up
from infra.gcp.pubsub.lane import Lane, Pace
from infra.gcp.pubsub.message import written
from infra.gcp.pubsub.reader import Reader
from infra.gcp.pubsub.trouble import as_problems
from infra.postgres.database import Database
from infra.postgres.dead_letters import KeptLetters, forget, locked
from infra.runtime.events.bus import Handler, Subscription, SubscriptionGone
from schemas.envelope import Envelope

_MOST_MESSAGES = 1_000  # of one publication
_MOST_BYTES = 9_000_000  # of one publication; Pub/Sub takes ten million


class PubSubBus(KeptLetters):
    """One topic an event type and one subscription a reader, in one project; used within ``async with``.

    What must exist: the topics, which `headrace topology` makes, or infra/terraform; ``declare`` makes a single
    subscription with all that it needs. What goes wrong for good is set aside in the database by its reader. What no
    reader acknowledged, Pub/Sub forwards to the topic `dead-letters`, from where ``keep_dead_letters`` takes it over.
    A replayed message is published anew for its one subscription; filters keep it from the others.

    ``emulator`` is host:port of one, which is used without credentials. Pushes carry tokens of ``push_account``.
    """

    def __init__(
        self,
        project: str,
        database: Database,
        *,
        emulator: str | None = None,
        push_account: str | None = None,
        pace: Pace | None = None,
    ) -> None:
        super().__init__(database)
        self._clients = Clients(project, emulator=emulator)
        self._push_account = push_account
        self._pace = pace or Pace()
        self._declared: dict[str, Subscription] = {}

    async def __aenter__(self) -> Self:
        await self._clients.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._clients.close()

    async def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Hand over events, as few requests as possible; all are safe when this returns. Duplicates keep their ids."""
        topics: dict[str, list[Envelope]] = {}
        for envelope in envelopes:
            topics.setdefault(envelope.type, []).append(envelope)
        for name, told in topics.items():
            topic = self._clients.topic(name)
            with as_problems(topic):
                for batch in _batches(told):
                    await self._clients.publisher.publish(topic=topic, messages=batch, **ASKING)

    async def declare(self, subscription: Subscription) -> None:
        """Make or change a subscription and what it needs; it gets what is published from now on."""
        await topology.declare(self._clients, subscription, account=self._push_account)
        self._declared[subscription.name] = subscription

    async def remove(self, name: str) -> None:
        """End a subscription and drop what it has not received; fine if there is none."""
        self._declared.pop(name, None)
        with as_problems(name):
            try:
                await self._clients.subscriber.delete_subscription(subscription=self._path(name), **ASKING)
            except NotFound:
                return

    async def consume(self, handlers: Mapping[str, Handler], stop: asyncio.Event) -> None:
        """Deliver what is streamed to these functions until ``stop`` is set; Pub/Sub pushes by itself.

        May be called many times at once, for different subscriptions.
        """
        async with asyncio.TaskGroup() as lanes:
            for name, handler in handlers.items():
                most = await self._max_attempts(name)
                reader = Reader(subscription=name, handler=handler, max_attempts=most, database=self._database)
                lanes.create_task(Lane(self._clients, reader, self._pace).run(stop))
            await stop.wait()

    async def replay(self, dead_letter_id: str, *, tenant: str | None = None) -> None:
        """Deliver a dead letter again. Raises ``DeadLetterUnknown``, ``SubscriptionGone``."""
        async with self._database.transaction() as tx:
            letter = await locked(tx.connection, dead_letter_id, tenant=tenant)
            with as_problems():
                try:
                    there = await self._clients.subscriber.get_subscription(
                        subscription=self._path(letter.subscription), **ASKING
                    )
                except NotFound as error:
                    raise SubscriptionGone(f"Nobody subscribes as {letter.subscription}") from error
                message = written(letter.envelope, only=letter.subscription)
                await self._clients.publisher.publish(topic=there.topic, messages=[message], **ASKING)
            # published first: who dies here delivers it twice, and never not at all
            await forget(tx.connection, letter)

    async def keep_dead_letters(self, stop: asyncio.Event) -> int:
        """Take over what Pub/Sub gave up; returns how many messages that were."""
        return await keep_given_up(self._clients, self._database, stop)

    async def _max_attempts(self, name: str) -> int:
        if name in self._declared:
            return self._declared[name].max_attempts
        with as_problems(name):
            there = await self._clients.subscriber.get_subscription(subscription=self._path(name), **ASKING)
        return there.dead_letter_policy.max_delivery_attempts or topology.MOST_ATTEMPTS

    def _path(self, name: str) -> str:
        return self._clients.subscription(name)


def _batches(envelopes: Sequence[Envelope]) -> Iterator[list[PubsubMessage]]:
    batch: list[PubsubMessage] = []
    size = 0
    for message in map(written, envelopes):
        length = PubsubMessage.pb(message).ByteSize()
        if batch and (len(batch) == _MOST_MESSAGES or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch
